/*
 * Takes snapshots: freezes the guest's memory by a clone and lets the child look through it, so
 * that the guest stands still for the clone only. Called by slow.c (by themselves, on request),
 * mark.c, ending.c.
 *
 *     guest   |--- locks, clone ---|----- goes on ------ ... --|reap|
 *     child                        |- search -|- write rows -|
 *
 * Where that costs the guest more than the search does (snapshot_way.c) the child shares its memory
 * and the guest waits for it. The child (snapshot_child.c) has no exit signal: the guest's wait()
 * never sees it. Where no child can be made the search runs in place.
 *
 * Rule: while the snapshot's lock is held all signals of the thread are blocked, and all state in
 * here changes under that lock.
 */
#include "preload/snapshot/snapshot.h"

#include "preload/ledger/change.h"
#include "preload/lock.h"
#include "preload/process/draft.h"
#include "preload/process/tracer.h"
#include "preload/shield.h"
#include "preload/snapshot/holder.h"
#include "preload/snapshot/snapshot_child.h"
#include "preload/snapshot/snapshot_children.h"
#include "preload/snapshot/snapshot_golang.h"
#include "preload/snapshot/snapshot_way.h"
#include "preload/snapshot/snapshot_write.h"
#include "preload/snapshot/trigger.h"
#include "preload/stacks/intern.h"
#include "preload/stacks/module.h"
#include "preload/thread.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define REAP_EVERY_NS 10000000ull

static uint32_t lock;

static struct trace_snapshot *
record_of(uint32_t index)
{
	return trace_table_at(&tracer.snapshots, index);
}

/* A mark or an exit in a signal handler that interrupted an event of this very thread: its locks
 * may be held below us and will not be let go before the handler returns. The child then reads
 * the ledger as it is; if that is in pieces, it is the child that falls. */
static bool
can_lock(enum trace_snapshot_cause cause)
{
	return cause == TRACE_CAUSE_INTERVAL || cause == TRACE_CAUSE_REQUEST || !thread_is_inside();
}

static bool
begin_record(const char *label, enum trace_snapshot_cause cause, uint64_t freeing,
             uint32_t *index)
{
	struct trace_snapshot *record = trace_table_next(&tracer.writer, &tracer.snapshots);

	if (!record)
		return false;
	strncpy(record->label, label, sizeof(record->label) - 1);
	record->cause = cause;
	record->ns = tracer_now(false);
	record->pid = tracer.writer.header->pid;
	record->freeing = freeing;
	record->live_bytes = tracer.writer.header->live_bytes;
	*index = trace_table_publish(&tracer.writer, &tracer.snapshots);
	return true;
}

/* False: no child may share the memory, or it fell on pages that somebody else was to fill. */
static bool
visit(struct snapshot_job *job)
{
	uint64_t cpu_ns;
	int status;

	if (snapshot_child_visit(job, &status, &cpu_ns) < 0)
		return false;
	if (WIFEXITED(status) && WEXITSTATUS(status) == SNAPSHOT_CHILD_FELL) {
		snapshot_way_fell();
		return false;
	}
	snapshot_children_tell_death(job->index, status);
	snapshot_way_took(cpu_ns);
	return true;
}

/* Only the copy of the blocks was made under the locks: no thread waits for the search. */
static void
search_in_place(struct snapshot_job *job)
{
	record_of(job->index)->in_place = 1;
	snapshot_write(job);
}

static void
freeze(struct snapshot_job *job, enum trace_snapshot_cause cause, bool has_locks)
{
	pid_t pid = 0;
	int gathered = -1;

	if (has_locks) {
		intern_lock();
		change_stop();
	}
	job->is_frozen = true;
	if (!has_locks || !snapshot_way_is_visit(cause) || !visit(job))
		pid = snapshot_child_start(job, has_locks);
	if (pid < 0 && has_locks) {
		job->is_frozen = false;
		gathered = snapshot_gather(job);
	}
	if (has_locks) {
		change_resume();
		intern_unlock();
	}
	if (pid > 0)
		snapshot_children_add(pid, job->index);
	else if (gathered == 0)
		search_in_place(job);
	else if (pid < 0)
		snapshot_cut(job->index, "no process and no memory for it");
}

/* `began`: when the guest came here; it may have waited for a place among the children. */
static void
take(const char *label, enum trace_snapshot_cause cause, uint64_t freeing, uint64_t began)
{
	static struct snapshot_job job; /* not on the stack: the child has another one */
	struct trace_snapshot *record;
	bool has_locks = can_lock(cause);

	/* A draft's tables must be whole; who ends does not come back to what was interrupted. */
	if (draft_is_open() && !has_locks && cause == TRACE_CAUSE_MARK)
		return;
	if (!draft_settle(has_locks))
		return;
	job = (struct snapshot_job){
		.freeing = freeing,
		.stack_pointer = (uintptr_t)__builtin_frame_address(0),
	};
	if (has_locks) {
		module_scan();
		snapshot_golang_prepare();
	}
	if (!begin_record(label, cause, freeing, &job.index)) {
		tracer_warn("a snapshot found no room in the trace, the disk may be full");
		return;
	}
	freeze(&job, cause, has_locks);
	record = record_of(job.index);
	record->pause_ns = tracer_now(false) - began;
	trigger_snapshot_taken(began + record->pause_ns, record->pause_ns,
	                       tracer.writer.header->live_bytes);
}

/* A child of vfork shares this memory but is not the guest. */
static bool
is_guest(void)
{
	return tracer_is_on() && tracer.writer.header &&
	       tracer.writer.header->pid == (uint32_t)getpid();
}

void
snapshot_take(const char *label, enum trace_snapshot_cause cause, uint64_t freeing)
{
	bool is_automatic = cause == TRACE_CAUSE_INTERVAL;
	struct shield shield;
	uint64_t began;

	if (!is_guest())
		return;
	holder_prepare(CALLER_HERE, is_automatic || cause == TRACE_CAUSE_REQUEST);
	shield_raise(&shield);
	began = tracer_now(false);
	if (is_automatic && !lock_try(&lock))
		goto out;
	if (!is_automatic)
		lock_take(&lock);
	if (is_automatic ? snapshot_children_reap() == 0
	                 : (snapshot_children_wait_below(SNAPSHOT_CHILDREN_MAX), true))
		take(label, cause, freeing, began);
	lock_release(&lock);
out:
	shield_lower(&shield);
}

/* The request counts as answered even where the snapshot failed: whoever asked finds none and the
 * notice why, and no later event tries again. */
void
snapshot_answer(uint64_t freeing)
{
	struct trace_header *header = tracer.writer.header;
	char label[TRACE_NAME_MAX];
	uint32_t number;

	if (!is_guest() || !trigger_claim_request(&number))
		return;
	memcpy(label, header->request_label, sizeof(label));
	label[sizeof(label) - 1] = '\0';
	snapshot_take(label[0] ? label : "request", TRACE_CAUSE_REQUEST, freeing);
	__atomic_store_n(&header->requests_answered, number, __ATOMIC_RELEASE);
}

void
snapshot_wait(void)
{
	struct shield shield;

	if (!is_guest())
		return;
	shield_take(&shield, &lock);
	snapshot_children_wait_below(1);
	shield_release(&shield, &lock);
}

void
snapshot_reap(void)
{
	static uint64_t last_ns;
	struct shield shield;
	uint64_t now_ns;

	if (!snapshot_children_are_out())
		return;
	now_ns = tracer_now(true);
	if (now_ns - __atomic_load_n(&last_ns, __ATOMIC_RELAXED) < REAP_EVERY_NS || !is_guest())
		return;
	__atomic_store_n(&last_ns, now_ns, __ATOMIC_RELAXED);
	shield_raise(&shield);
	if (lock_try(&lock)) {
		snapshot_children_reap();
		lock_release(&lock);
	}
	shield_lower(&shield);
}

void
snapshot_after_fork(void)
{
	lock_release(&lock);
	snapshot_children_forget();
}
