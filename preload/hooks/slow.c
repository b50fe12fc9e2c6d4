/*
 * An event in its slow way, if there is reason for it:
 *
 *     due? --> moment: clock, [snapshot], series --> books --> draft, triggers --> when again
 *
 * Rule: a snapshot comes before the event changes anything: the guest's maps are consistent then.
 */
#include "preload/hooks/slow.h"

#include "preload/hooks/books.h"
#include "preload/process/draft.h"
#include "preload/process/settings.h"
#include "preload/process/tracer.h"
#include "preload/snapshot/snapshot.h"
#include "preload/unwind/unwind_check.h"

#include <errno.h>

enum { LOOK_GAP_MAX = 64, LOOK_GAP_WAITING = 8 };

#define LOOK_NS UINT64_C(1000000)

struct event {
	struct thread *thread;
	uint64_t address, size;
	const struct caller *caller;
	struct record_move *move;
	bool is_freed;
};

/* Whether a look would find things as the last one did. The clock that is asked moves every few
 * milliseconds, and what the triggers go by does not change in between, unless something waits or
 * looks have just begun again: the gap tells. */
static bool
slow_sees_nothing(const struct thread *thread)
{
	return thread->look_gap == LOOK_GAP_MAX && tracer_now(true) == thread->looked_ns;
}

bool
slow_is_due(struct thread *thread, uint64_t size)
{
	if (--thread->until_look < 0) {
		if (!slow_sees_nothing(thread))
			return true;
		thread->until_look = LOOK_GAP_MAX - 1;
	}
	return size >= LARGE_BYTES || trigger_is_asked(tracer.writer.header);
}

static void
slow_run(struct event *event, void (*work)(void *event))
{
	int before = errno;

	event->thread->until_look = 0; /* also where that cannot be done */
	if (__builtin_expect(!stack_run(event->thread, work, event), 0))
		counters_unrecorded();
	errno = before;
}

static uint64_t
slow_moment(uint64_t leaving, uint64_t freeing)
{
	uint64_t now = tracer_now(true);
	enum trigger_cause due = trigger_is_due(now, leaving);

	if (__builtin_expect(due == TRIGGER_INTERVAL, 0))
		snapshot_take("interval", TRACE_CAUSE_INTERVAL, freeing);
	else if (__builtin_expect(due == TRIGGER_REQUEST, 0))
		snapshot_answer(freeing);
	snapshot_reap();
	counters_tick(now);
	ledger_trim_if_due(__atomic_load_n(&tracer.writer.header->live_bytes, __ATOMIC_RELAXED),
	                   now);
	return now;
}

/* At the next event where that matters or events are rare; else the gap doubles. It stays small
 * where something waits for its moment: the guest may fall silent right after it. */
static void
slow_look_again(struct thread *thread, uint64_t now)
{
	int32_t gap = 2 * thread->look_gap;
	int32_t most = trigger_is_waiting(now) ? LOOK_GAP_WAITING : LOOK_GAP_MAX;

	if (now - thread->looked_ns >= LOOK_NS || trigger_is_replacing() || draft_is_open() ||
	    settings.check_unwind)
		gap = 1;
	thread->looked_ns = now;
	thread->look_gap = gap < most ? gap : most;
	thread->until_look = thread->look_gap - 1;
}

static void
slow_do_allocation(void *context)
{
	const struct event *event = context;
	uint64_t now = slow_moment(0, 0);
	uint32_t stack = stack_identify(event->thread, event->caller, event->size);

	if (settings.check_unwind)
		unwind_check(event->thread, stack, event->caller->pc);
	books_add(event->thread, event->address, event->size, stack);
	if (draft_is_open())
		draft_look(stack, now);
	trigger_allocation(event->address, event->size, now);
	slow_look_again(event->thread, now);
}

void
slow_allocation(struct thread *thread, uint64_t address, uint64_t size, const struct caller *caller)
{
	struct event event = { .thread = thread, .address = address, .size = size,
		.caller = caller };

	slow_run(&event, slow_do_allocation);
}

static void
slow_do_leaving(void *context)
{
	const struct event *event = context;
	struct record_move *move = event->move;
	uint64_t now = slow_moment(event->address, event->is_freed ? event->address : 0);

	books_remove(event->thread, event->address, move);
	if (move->was_known)
		trigger_free(move->old.address, move->old.size, now);
	if (draft_is_open())
		draft_look(0, now);
	slow_look_again(event->thread, now);
}

void
slow_leaving(struct thread *thread, uint64_t address, bool is_freed, struct record_move *move)
{
	struct event event = { .thread = thread, .address = address, .is_freed = is_freed,
		.move = move };

	slow_run(&event, slow_do_leaving);
}

static void
slow_do_restore(void *context)
{
	const struct event *event = context;
	const struct ledger_block *old = &event->move->old;

	books_restore(event->thread, old);
	trigger_allocation(old->address, old->size, tracer_now(true));
}

void
slow_restore(struct thread *thread, struct record_move *move)
{
	struct event event = { .thread = thread, .move = move };

	slow_run(&event, slow_do_restore);
}
