/*
 * What happens once when the guest ends: the exit snapshot, the wait for it, the trace's last word.
 * Called by the entry points in ends.c, which catch the ways to end.
 *
 *     end:     snapshot --> wait --> marked ended --> removed, if it saw no map bytes
 *     sandbox: the same before the guest forbids what we need; off for good
 *     revive:  the end that did not come (a failed exec): marked running, or a file of the same
 *              state
 *
 * A second thread that ends the guest meanwhile waits: else the process would be gone before the
 * snapshot is. What the guest still does afterwards (destructors) is counted as before.
 */
#include "preload/hooks/ends.h"

#include "preload/ledger/counters.h"
#include "preload/process/draft.h"
#include "preload/process/fork.h"
#include "preload/process/settings.h"
#include "preload/process/tracer.h"
#include "preload/shield.h"
#include "preload/snapshot/snapshot.h"
#include "preload/unwind/unwind_check.h"

#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

#define SECOND_NS 1000000000ull

enum { NOT_YET, ENDING, ENDED };
static uint32_t state;
static pid_t ending_thread;
static bool is_removed;

/* By stack, at any moment, or by structure, in any snapshot. */
static bool
saw_map_bytes(void)
{
	const struct trace_header *header = tracer.writer.header;

	for (int role = 0; role < TRACE_OTHER; role++)
		if (header->role_peak_bytes[role] > 0)
			return true;
	for (uint32_t i = 0; i < tracer.snapshots.count; i++) {
		const struct trace_snapshot *snapshot = trace_table_at(&tracer.snapshots, i);

		if (snapshot->maps > 0 || snapshot->claims > 0)
			return true;
	}
	return false;
}

static void
wait_for_other_thread(void)
{
	uint64_t end = tracer_now(false) + settings.budget_ns + SECOND_NS;
	struct timespec nap = { 0, 1000000 };

	while (__atomic_load_n(&state, __ATOMIC_ACQUIRE) == ENDING && tracer_now(false) < end)
		nanosleep(&nap, NULL);
}

static void
drop(void)
{
	if (draft_drop())
		return;
	trace_remove(&tracer.writer);
	is_removed = true;
}

/* The folder of tasks has two links more than there are threads. */
bool
ends_is_single_threaded(void)
{
	struct stat tasks;

	return stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink <= 3;
}

/* A forked child on its way to another program: its maps are its parent's, and nobody looked. Or a
 * process with so little memory of its own that no map in it is worth a search, which costs more
 * than all else of a short life (a shell's subshells, a build's small tools). */
static bool
has_nothing_to_tell(bool is_exec)
{
	bool is_passing = is_exec && tracer.writer.header->flags & TRACE_FORKED;

	return tracer.snapshots.count == 0 && !counters_own_map_bytes() &&
	       (is_passing || counters_own_peak() < COUNTERS_LITTLE_BYTES);
}

/* A failed exec's removed trace can be made again only where no other thread counts in it. */
static void
end(const char *label, enum trace_snapshot_cause cause, bool is_exec)
{
	bool can_drop = !settings.keep && (!is_exec || ends_is_single_threaded());

	if (settings.check_unwind)
		unwind_check_tell();
	if (can_drop && has_nothing_to_tell(is_exec)) {
		drop();
		return;
	}
	snapshot_take(label, cause, 0);
	snapshot_wait();
	trace_end(&tracer.writer, TRACE_ENDED);
	if (can_drop && !saw_map_bytes())
		drop();
}

/* A child of vfork shares this memory but is not the guest. */
static bool
is_guest(void)
{
	return tracer_is_on() && tracer.writer.header &&
	       tracer.writer.header->pid == (uint32_t)getpid();
}

/* True for the one thread that is to end the trace now. The others wait for it; a signal handler
 * that ends the guest within this very thread's end does not. */
static bool
begin(void)
{
	uint32_t expected = NOT_YET;
	pid_t self = gettid();

	if (__atomic_compare_exchange_n(&state, &expected, ENDING, false, __ATOMIC_ACQ_REL,
	                                __ATOMIC_ACQUIRE)) {
		__atomic_store_n(&ending_thread, self, __ATOMIC_RELAXED);
		return true;
	}
	if (expected == ENDING && __atomic_load_n(&ending_thread, __ATOMIC_RELAXED) != self)
		wait_for_other_thread();
	return false;
}

static bool
end_once(const char *label, enum trace_snapshot_cause cause, bool is_exec)
{
	struct shield shield;
	bool is_first;

	if (!is_guest())
		return false;
	shield_raise(&shield);
	is_first = begin();
	if (is_first) {
		end(label, cause, is_exec);
		__atomic_store_n(&state, ENDED, __ATOMIC_RELEASE);
	}
	shield_lower(&shield);
	return is_first;
}

bool
ends_now(const char *label, enum trace_snapshot_cause cause)
{
	return end_once(label, cause, false);
}

bool
ends_by_exec(void)
{
	return end_once("exec", TRACE_CAUSE_EXIT, true);
}

/* A program that locks itself in is no fault of ours to complain of, and it may have many children
 * that do the same: the trace alone tells. */
void
ends_by_sandbox(void)
{
	if (end_once("sandbox", TRACE_CAUSE_MARK, false) && !is_removed && tracer.writer.header) {
		trace_notice(&tracer.writer,
		             "the program forbids itself system calls that recording needs: what "
		             "it did afterwards is not known");
		trace_end(&tracer.writer, TRACE_STOPPED);
	}
	tracer_forbid();
}

void
ends_revive(void)
{
	struct shield shield;

	if (!is_guest())
		return;
	shield_raise(&shield);
	draft_revive();
	if (is_removed)
		fork_reopen_trace();
	else
		trace_end(&tracer.writer, TRACE_RUNNING);
	is_removed = false;
	__atomic_store_n(&state, NOT_YET, __ATOMIC_RELEASE);
	shield_lower(&shield);
}

void
ends_after_fork(void)
{
	is_removed = false;
	__atomic_store_n(&state, NOT_YET, __ATOMIC_RELEASE);
}
