/*
 * One event of the guest, from the hook to the counters. Called by hooks.c and operators.c with
 * nothing locked and no depth raised.
 *
 *     allocation   real call --> record: snapshot if due, stack, intern, ledger, counters, triggers
 *     free         record: snapshot if due, ledger, counters, triggers --> real call
 *
 * Rules: errno leaves as it came; the real allocator is never called with depth
 * raised; a block that the ledger does not know passes unharmed and uncounted.
 */
#include "preload/record.h"

#include "preload/counters.h"
#include "preload/real.h"
#include "preload/settings.h"
#include "preload/snapshot.h"
#include "preload/tracer.h"
#include "preload/trigger.h"
#include "preload/unwind_check.h"

#include <errno.h>
#include <string.h>

struct event {
	struct thread *thread;
	uint64_t address, size;
	const struct caller *caller;
	struct record_move *move;
	bool failed;
};

/* Blocks that were freed while this thread was busy inside are freed now. */
static __attribute__((noinline)) void
record_free_pending(struct thread *thread)
{
	uint64_t blocks[THREAD_PENDING_MAX];
	uint32_t count = thread->pending_count;

	memcpy(blocks, thread->pending, count * sizeof(blocks[0]));
	thread->pending_count = 0;
	thread_leave(thread);
	for (uint32_t i = 0; i < count; i++) {
		if (record_free((void *)blocks[i]))
			real.free((void *)blocks[i]);
	}
}

/* Does the event's work where there is stack for it, and leaves the library. */
static void
record_event(struct event *event, void (*work)(void *event))
{
	int before = errno;
	struct thread *thread = event->thread;

	if (__builtin_expect(!stack_run(thread, work, event), 0))
		counters_unrecorded();
	if (__builtin_expect(thread->pending_count, 0))
		record_free_pending(thread);
	else
		thread_leave(thread);
	errno = before;
}

/* A snapshot comes before the event changes anything: the guest's maps are consistent then. */
static uint64_t
record_moment(uint64_t leaving, uint64_t freeing)
{
	uint64_t now = tracer_now(true);

	enum trigger_cause due = trigger_is_due(now, leaving);

	if (__builtin_expect(due == TRIGGER_INTERVAL, 0))
		snapshot_take("interval", TRACE_CAUSE_INTERVAL, freeing);
	else if (__builtin_expect(due == TRIGGER_REQUEST, 0))
		snapshot_answer(freeing);
	snapshot_reap();
	counters_tick(now);
	return now;
}

static void
record_add(struct event *event, uint64_t now)
{
	struct ledger_block block = { .address = event->address, .size = event->size }, stale;
	bool full = false;

	block.stack = stack_identify(event->thread, event->caller, event->size);
	if (__builtin_expect(settings.check_unwind, 0))
		unwind_check(event->thread, block.stack, event->caller->pc);
	if (ledger_add(&block, &stale, &full))
		counters_remove(stale.stack, stale.size);
	if (full) {
		counters_unrecorded();
		return;
	}
	event->thread->last_block = event->address;
	counters_add(block.stack, block.size);
	trigger_allocation(block.address, block.size, now);
}

/* Whether an inner call of this thread has just recorded this block: malloc under operator new, or
 * under an entry point that the next allocator builds on another one. */
static bool
record_is_nested(const struct event *event)
{
	struct ledger_block known;

	return event->thread->last_block == event->address &&
	       ledger_find(event->address, &known);
}

static void
record_allocation_work(void *context)
{
	struct event *event = context;
	uint64_t now;

	if (record_is_nested(event))
		return;
	now = record_moment(0, 0);
	record_add(event, now);
}

void
record_allocation(void *block, size_t size, const struct caller *caller)
{
	struct event event = { .address = (uintptr_t)block, .size = size, .caller = caller };

	if (!block)
		return;
	event.thread = thread_enter();
	if (event.thread)
		record_event(&event, record_allocation_work);
	else if (thread_misses_allocation())
		counters_unrecorded();
}

static void
record_free_work(void *context)
{
	struct event *event = context;
	struct ledger_block block;
	uint64_t now;

	event->thread->freeing = event->address;
	now = record_moment(event->address, event->address);
	if (ledger_remove(event->address, &block)) {
		counters_remove(block.stack, block.size);
		trigger_free(block.address, block.size, now);
	}
	event->thread->freeing = 0;
}

bool
record_free(void *block)
{
	struct event event = { .address = (uintptr_t)block };

	event.thread = thread_enter();
	if (!event.thread)
		return !thread_postpone(block);
	record_event(&event, record_free_work);
	return true;
}

static void
record_move_begin_work(void *context)
{
	struct event *event = context;
	struct record_move *move = event->move;
	uint64_t now = record_moment(event->address, 0);

	move->was_known = ledger_remove(event->address, &move->old);
	if (move->was_known) {
		counters_remove(move->old.stack, move->old.size);
		trigger_free(move->old.address, move->old.size, now);
	}
}

void
record_move_begin(void *block, struct record_move *move)
{
	struct event event = { .address = (uintptr_t)block, .move = move };

	move->was_known = false;
	event.thread = thread_enter();
	if (event.thread)
		record_event(&event, record_move_begin_work);
}

static void
record_restore(const struct ledger_block *old, uint64_t now)
{
	struct ledger_block stale;
	bool full;

	if (ledger_add(old, &stale, &full))
		counters_remove(stale.stack, stale.size);
	counters_undo_remove(old->stack, old->size);
	trigger_allocation(old->address, old->size, now);
}

static void
record_move_end_work(void *context)
{
	struct event *event = context;
	uint64_t now = tracer_now(true);

	if (event->move->was_known && event->failed)
		record_restore(&event->move->old, now);
	else if (event->address && !record_is_nested(event))
		record_add(event, now);
}

void
record_move_end(struct record_move *move, void *result, size_t size, bool failed,
                const struct caller *caller)
{
	struct event event = { .address = (uintptr_t)result, .size = size, .caller = caller,
		.move = move, .failed = failed };

	event.thread = thread_enter();
	if (event.thread)
		record_event(&event, record_move_end_work);
	else if (result && thread_misses_allocation())
		counters_unrecorded();
}

uint64_t
record_freeing(void)
{
	return thread_freeing();
}
