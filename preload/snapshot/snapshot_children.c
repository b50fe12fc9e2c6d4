/*
 * The children that work on snapshots, by their places; see snapshot_children.h. Their number is
 * few, so places are looked through.
 *
 * Rule: a child that is gone and has not said that it was done leaves a snapshot that says so.
 */
#include "preload/snapshot/snapshot_children.h"

#include "preload/process/settings.h"
#include "preload/process/tracer.h"
#include "preload/snapshot/snapshot_write.h"
#include "preload/snapshot/trigger.h"

#include <linux/futex.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096 };

#define SECOND_NS 1000000000ull
#define NAP_FIRST_NS 50000
#define NAP_MAX_NS 4000000ull
#define DEATH_UNSEEN_NS 20000000
#define COPY_NS 2000ull /* a fault that copies a page of 4 KiB: 1.7 to 3 us by bench/pause */

static struct child {
	pid_t pid; /* 0: a free place */
	uint32_t index;
	uint64_t faults;     /* of the guest when it began ... */
	uint64_t faults_max; /* ... and how many of those that follow it can have caused */
} children[SNAPSHOT_CHILDREN_MAX];
static uint32_t working_children; /* for a look without the lock */

static struct trace_snapshot *
record_of(uint32_t index)
{
	return trace_table_at(&tracer.snapshots, index);
}

void
snapshot_children_tell_death(uint32_t index, int status)
{
	char reason[] = "its writer was killed by signal 00";
	struct trace_snapshot *record = record_of(index);

	if (__atomic_load_n(&record->state, __ATOMIC_ACQUIRE) != TRACE_SNAPSHOT_BEGUN)
		return;
	if (WIFSIGNALED(status)) {
		reason[sizeof(reason) - 3] = (char)('0' + WTERMSIG(status) / 10);
		reason[sizeof(reason) - 2] = (char)('0' + WTERMSIG(status) % 10);
		snapshot_cut(index, reason);
	} else {
		snapshot_cut(index, "its writer ended early");
	}
}

static uint64_t
faults_so_far(void)
{
	struct rusage usage = { 0 };

	getrusage(RUSAGE_SELF, &usage);
	return (uint64_t)usage.ru_minflt;
}

static uint64_t
time_of(struct timeval time)
{
	return (uint64_t)time.tv_sec * SECOND_NS + (uint64_t)time.tv_usec * 1000;
}

/* What a snapshot took from the machine besides its pause: the child's processor time, and the
 * pages that the guest had to copy while it lived (at most; pages that are new are faults, too). */
static void
tell_cost(const struct child *child, const struct rusage *usage)
{
	const struct trace_snapshot *record = record_of(child->index);
	uint64_t faults = faults_so_far() - child->faults;

	if (record->cause != TRACE_CAUSE_INTERVAL)
		return;
	if (faults > child->faults_max)
		faults = child->faults_max;
	trigger_snapshot_ended(time_of(usage->ru_utime) + time_of(usage->ru_stime) +
	                       faults * COPY_NS);
}

unsigned
snapshot_children_reap(void)
{
	unsigned working = 0;

	for (int i = 0; i < SNAPSHOT_CHILDREN_MAX; i++) {
		struct rusage usage = { 0 };
		int status = 0;
		long result;

		if (children[i].pid == 0)
			continue;
		result = syscall(SYS_wait4, children[i].pid, &status, __WCLONE | WNOHANG, &usage);
		if (result == 0) {
			working++;
			continue;
		}
		if (result < 0) /* the guest waited for it with __WALL: how it ended is not known */
			status = 0;
		snapshot_children_tell_death(children[i].index, status);
		tell_cost(&children[i], &usage);
		children[i].pid = 0;
	}
	__atomic_store_n(&working_children, working, __ATOMIC_RELAXED);
	return working;
}

/* The last word of a snapshot that is still being written, or NULL. */
static uint32_t *
find_unfinished(void)
{
	for (int i = 0; i < SNAPSHOT_CHILDREN_MAX; i++) {
		struct trace_snapshot *record;

		if (children[i].pid == 0)
			continue;
		record = record_of(children[i].index);
		if (__atomic_load_n(&record->state, __ATOMIC_ACQUIRE) == TRACE_SNAPSHOT_BEGUN)
			return &record->state;
	}
	return NULL;
}

/* Until a child says that it is done (one that was killed says nothing), or a moment for those that
 * have said so and are about to end. */
static void
wait_for_word(struct timespec *nap)
{
	const struct timespec at_most = { 0, DEATH_UNSEEN_NS };
	uint32_t *state = find_unfinished();

	if (state) {
		syscall(SYS_futex, state, FUTEX_WAIT, TRACE_SNAPSHOT_BEGUN, &at_most, NULL, 0);
		return;
	}
	nanosleep(nap, NULL);
	if ((uint64_t)nap->tv_nsec < NAP_MAX_NS)
		nap->tv_nsec *= 2;
}

void
snapshot_children_wait_below(unsigned limit)
{
	uint64_t end = tracer_now(false) + settings.budget_ns + SECOND_NS;
	struct timespec nap = { 0, NAP_FIRST_NS };

	while (snapshot_children_reap() >= limit && tracer_now(false) < end)
		wait_for_word(&nap);
}

void
snapshot_children_add(pid_t pid, uint32_t index)
{
	record_of(index)->pid = (uint32_t)pid;
	for (int i = 0; i < SNAPSHOT_CHILDREN_MAX; i++)
		if (children[i].pid == 0) {
			children[i] = (struct child){
				.pid = pid, .index = index, .faults = faults_so_far(),
				.faults_max = tracer.writer.header->live_bytes / PAGE,
			};
			__atomic_add_fetch(&working_children, 1, __ATOMIC_RELAXED);
			return;
		}
}

bool
snapshot_children_are_out(void)
{
	return __atomic_load_n(&working_children, __ATOMIC_RELAXED) > 0;
}

void
snapshot_children_forget(void)
{
	memset(children, 0, sizeof(children));
	working_children = 0;
}
