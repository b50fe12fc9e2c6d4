/*
 * What happens once when the guest ends: the exit snapshot, the wait for it, the trace's last word.
 * Called by the entry points in ends.c, which catch the ways to end.
 *
 * A second thread that ends the guest meanwhile waits: else the process would be gone before the
 * snapshot is. What the guest still does afterwards (destructors) is counted as before.
 */
#include "preload/ends.h"

#include "preload/settings.h"
#include "preload/shield.h"
#include "preload/snapshot.h"
#include "preload/tracer.h"

#include <stdbool.h>
#include <time.h>

#define SECOND_NS 1000000000ull

enum { NOT_YET, ENDING, ENDED };
static uint32_t state;
static pid_t ending_thread;

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
end(const char *label, enum trace_snapshot_cause cause)
{
	snapshot_take(label, cause, 0);
	snapshot_wait();
	trace_end(&tracer.writer, TRACE_ENDED);
	if (!settings.keep && !saw_map_bytes())
		trace_remove(&tracer.writer);
}

void
ends_now(const char *label, enum trace_snapshot_cause cause)
{
	uint32_t expected = NOT_YET;
	pid_t self = (pid_t)syscall(SYS_gettid);
	struct shield shield;

	/* A child of vfork shares this memory but is not the guest. */
	if (!tracer_is_on() || !tracer.writer.header ||
	    tracer.writer.header->pid != (uint32_t)getpid())
		return;
	shield_raise(&shield);
	if (__atomic_compare_exchange_n(&state, &expected, ENDING, false, __ATOMIC_ACQ_REL,
	                                __ATOMIC_ACQUIRE)) {
		__atomic_store_n(&ending_thread, self, __ATOMIC_RELAXED);
		end(label, cause);
		__atomic_store_n(&state, ENDED, __ATOMIC_RELEASE);
	} else if (expected == ENDING && __atomic_load_n(&ending_thread, __ATOMIC_RELAXED) != self) {
		wait_for_other_thread();
	}
	shield_lower(&shield);
}

void
ends_after_fork(void)
{
	__atomic_store_n(&state, NOT_YET, __ATOMIC_RELEASE);
}
