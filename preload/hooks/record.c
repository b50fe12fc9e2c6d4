/*
 * One event of the guest, from the hook to the counters. Called by hooks.c and operators.c with
 * nothing locked and no depth raised.
 *
 *     allocation   real call --> record: [moment] stack, ledger, counters, [triggers]
 *     free         record: [moment] ledger, counters, [triggers] --> real call
 *
 * What is in brackets, the clock included, concerns one event in up to 64, every one that moves a
 * large block, and every one where events are rare or a trigger waits: the way of all others is
 * straight.
 *
 * Rules: errno leaves as it came: each way that leaves the straight one puts it back (asking libc for
 * its address costs as much as the counters); the real allocator is never called with depth raised; a
 * block that the ledger does not know passes unharmed and uncounted.
 */
#include "preload/hooks/record.h"

#include "preload/hooks/real.h"
#include "preload/ledger/arena.h"
#include "preload/ledger/change.h"
#include "preload/ledger/counters.h"
#include "preload/process/draft.h"
#include "preload/process/settings.h"
#include "preload/process/tracer.h"
#include "preload/snapshot/large.h"
#include "preload/snapshot/snapshot.h"
#include "preload/snapshot/trigger.h"
#include "preload/unwind/unwind_check.h"

#include <errno.h>

/* The straight way: one frame for each entry point. */
#define FAST __attribute__((always_inline))

enum { LOOK_GAP_MAX = 64 };

#define LOOK_NS UINT64_C(1000000)

struct event {
	struct thread *thread;
	uint64_t address, size;
	const struct caller *caller;
	struct record_move *move;
};

/* Blocks that were freed while this thread was busy inside are freed now. */
static __attribute__((noinline)) void
record_free_pending(struct thread *thread)
{
	uint64_t blocks[THREAD_PENDING_MAX];
	uint32_t count = thread_take_postponed(thread, blocks);
	int before = errno;

	thread_leave(thread);
	for (uint32_t i = 0; i < count; i++) {
		if (record_free((void *)blocks[i]))
			real.free((void *)blocks[i]);
	}
	errno = before;
}

/* A handler may have forked since the hook asked whether tracing is on: the rest of the event is the
 * child's, and not for the parent's trace. */
static __attribute__((noinline)) struct thread *
record_enter_anew(struct thread *thread)
{
	if (thread)
		thread_leave(thread);
	return tracer_wake() ? thread_enter() : NULL;
}

static inline FAST struct thread *
record_enter(void)
{
	struct thread *thread = thread_enter();

	return __builtin_expect(tracer_is_on(), 1) ? thread : record_enter_anew(thread);
}

static inline FAST void
record_leave(struct thread *thread)
{
	thread->freeing = 0;
	if (__builtin_expect(thread->pending_count, 0))
		record_free_pending(thread);
	else
		thread_leave(thread);
}

/* Does the event's work where there is stack for it, and leaves the library. */
static __attribute__((noinline)) void
record_slowly(struct event *event, void (*work)(void *event))
{
	int before = errno;

	if (__builtin_expect(!stack_run(event->thread, work, event), 0))
		counters_unrecorded();
	record_leave(event->thread);
	errno = before;
}

/* ---- when to look at the clock */

/* Large blocks are events of their own. */
static inline FAST bool
record_looks(struct thread *thread, uint64_t size)
{
	if (__builtin_expect(thread->until_look <= 1 || size >= LARGE_BYTES || trigger_is_asked(),
	                     0))
		return true;
	thread->until_look--;
	return false;
}

/* The next look: at the next event where something waits for its moment or events are rare; else the
 * gap doubles. */
static void
record_look_again(struct thread *thread, uint64_t now)
{
	uint32_t gap = 2 * thread->look_gap;

	if (now - thread->looked_ns >= LOOK_NS || trigger_is_waiting(now) || draft_is_open())
		gap = 1;
	thread->looked_ns = now;
	thread->look_gap = thread->until_look = gap < LOOK_GAP_MAX ? gap : LOOK_GAP_MAX;
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
	ledger_trim_if_due(__atomic_load_n(&tracer.writer.header->live_bytes, __ATOMIC_RELAXED), now);
	return now;
}

/* ---- allocations */

/* Blocks in the way of a new one were freed without our knowledge. False: no memory. */
static inline FAST bool
record_keep(struct thread *thread, const struct ledger_block *block)
{
	struct ledger_block stale;
	bool full;

	while (__builtin_expect(ledger_add(block, &stale, &full), 0)) {
		if (stale.size == LEDGER_OUTER_SIZE)
			arena_forget(thread, stale.address);
		else
			counters_remove(thread, stale.stack, stale.size);
	}
	return !full;
}

static __attribute__((noinline)) void
record_put_back(struct thread *thread, const struct ledger_block *block)
{
	record_keep(thread, block);
}

static __attribute__((noinline)) void
record_check(struct thread *thread, uint32_t stack, uint64_t pc)
{
	int before = errno;

	unwind_check(thread, stack, pc);
	errno = before;
}

/* Where there is no room to count a stack, it is unknown; NULL: nor can that be counted. */
static __attribute__((noinline)) struct trace_counter *
record_count_first(struct thread *thread, uint32_t *stack)
{
	struct trace_counter *counter = counters_make(thread, *stack);

	if (counter)
		return counter;
	*stack = 0;
	return counters_need(thread, 0);
}

/* Into the ledger and the counters. Returns the stack. */
static inline FAST uint32_t
record_add(struct thread *thread, uint64_t address, uint64_t size, const struct caller *caller)
{
	uint32_t stack = stack_identify(thread, caller, size);
	struct trace_counter *counter = counters_of(thread, stack);
	struct ledger_block block;

	if (__builtin_expect(settings.check_unwind, 0))
		record_check(thread, stack, caller->pc);
	if (__builtin_expect(!counter, 0))
		counter = record_count_first(thread, &stack);
	block = (struct ledger_block){ address, size, stack };
	change_begin(thread);
	if (__builtin_expect(record_keep(thread, &block), 1)) {
		if (__builtin_expect(counter != NULL, 1))
			counters_add_to(thread, counter, stack, size);
		thread->last_block = address;
	} else {
		counters_unrecorded();
	}
	change_end(thread);
	return stack;
}

/* Whether an inner call of this thread has just recorded this block: malloc under operator new, or
 * under an entry point that the next allocator builds on another one. */
static inline FAST bool
record_is_nested(const struct thread *thread, uint64_t address)
{
	struct ledger_block known;

	return __builtin_expect(thread->last_block == address, 0) && ledger_find(address, &known);
}

static void
record_allocation_slowly(void *context)
{
	const struct event *event = context;
	uint64_t now = record_moment(0, 0);
	uint32_t stack;

	stack = record_add(event->thread, event->address, event->size, event->caller);
	if (draft_is_open())
		draft_look(stack, now);
	trigger_allocation(event->address, event->size, now);
	record_look_again(event->thread, now);
}

static __attribute__((noinline)) void
record_new_slowly(struct thread *thread, uint64_t address, uint64_t size,
                  const struct caller *caller)
{
	struct event event = { .thread = thread, .address = address, .size = size,
		.caller = caller };

	record_slowly(&event, record_allocation_slowly);
}

static inline FAST void
record_new(struct thread *thread, uint64_t address, uint64_t size, const struct caller *caller)
{
	if (__builtin_expect(record_looks(thread, size) || !stack_has_room(thread), 0)) {
		record_new_slowly(thread, address, size, caller);
		return;
	}
	record_add(thread, address, size, caller);
	record_leave(thread);
}

void
record_allocation(void *block, size_t size, const struct caller *caller)
{
	struct thread *thread = record_enter();

	if (__builtin_expect(!thread, 0)) {
		if (thread_misses_allocation())
			counters_unrecorded();
	} else if (record_is_nested(thread, (uintptr_t)block)) {
		record_leave(thread);
	} else {
		record_new(thread, (uintptr_t)block, size, caller);
	}
}

/* ---- frees */

/* Out of the ledger and the counters. False: not known. */
static bool
record_remove(struct thread *thread, uint64_t address, struct ledger_block *out)
{
	bool is_known;

	change_begin(thread);
	is_known = ledger_remove(address, out);
	if (is_known)
		counters_remove(thread, out->stack, out->size);
	change_end(thread);
	return is_known;
}

/* The same for a small block of a stack that this thread has counted before; false: it is none, and
 * nothing has changed. */
static inline FAST bool
record_remove_plain(struct thread *thread, uint64_t address, struct record_move *move)
{
	struct trace_counter *counter = NULL;
	bool is_plain = true;

	change_begin(thread);
	move->was_known = ledger_remove(address, &move->old);
	if (__builtin_expect(move->was_known, 1)) {
		counter = counters_of(thread, move->old.stack);
		is_plain = counter && move->old.size < LARGE_BYTES;
		if (__builtin_expect(!is_plain, 0))
			record_put_back(thread, &move->old);
	} else {
		is_plain = !ledger_is_outer(address);
	}
	if (__builtin_expect(!is_plain, 0))
		counter = NULL;
	else if (__builtin_expect(counter != NULL, 1))
		counters_move(thread, counter, move->old.stack, move->old.size, -1);
	change_end(thread);
	return is_plain;
}

static void
record_free_slowly(void *context)
{
	struct event *event = context;
	struct thread *thread = event->thread;
	struct record_move *move = event->move;
	uint64_t now = record_moment(event->address, thread->freeing);

	if (ledger_is_outer(event->address))
		arena_dissolve(thread, event->address);
	if (ledger_find(event->address, &move->old) && !counters_of(thread, move->old.stack))
		counters_make(thread, move->old.stack); /* not within the change: it may take long */
	move->was_known = record_remove(thread, event->address, &move->old);
	if (move->was_known)
		trigger_free(move->old.address, move->old.size, now);
	if (draft_is_open())
		draft_look(0, now);
	record_look_again(thread, now);
}

static __attribute__((noinline)) void
record_leaving_slowly(struct thread *thread, uint64_t address, struct record_move *move)
{
	struct event event = { .thread = thread, .address = address, .move = move };

	record_slowly(&event, record_free_slowly);
}

/* A block leaves: by free, or by realloc. */
static inline FAST void
record_leaving(struct thread *thread, uint64_t address, struct record_move *move)
{
	if (__builtin_expect(!record_looks(thread, 0), 1) &&
	    __builtin_expect(record_remove_plain(thread, address, move), 1))
		record_leave(thread);
	else
		record_leaving_slowly(thread, address, move);
}

/* In a signal handler that interrupted an event of this thread, or in libc on our behalf. */
static __attribute__((noinline)) bool
record_free_inside(void *block)
{
	if (thread_postpone(block))
		return false;
	if (thread_misses_allocation())
		counters_unrecorded();
	return true;
}

bool
record_free(void *block)
{
	struct thread *thread = record_enter();
	struct record_move move;

	if (__builtin_expect(!thread, 0))
		return record_free_inside(block);
	thread->freeing = (uintptr_t)block;
	record_leaving(thread, (uintptr_t)block, &move);
	return true;
}

/* ---- realloc */

void
record_move_begin(void *block, struct record_move *move)
{
	struct thread *thread = record_enter();

	move->was_known = false;
	if (thread)
		record_leaving(thread, (uintptr_t)block, move);
}

static void
record_restore(void *context)
{
	const struct event *event = context;
	const struct ledger_block *old = &event->move->old;

	change_begin(event->thread);
	if (record_keep(event->thread, old))
		counters_undo_remove(event->thread, old->stack, old->size);
	change_end(event->thread);
	trigger_allocation(old->address, old->size, tracer_now(true));
}

void
record_move_end(struct record_move *move, void *result, size_t size, bool failed,
                const struct caller *caller)
{
	struct thread *thread = record_enter();
	struct event event = { .thread = thread, .move = move };

	if (__builtin_expect(!thread, 0)) {
		if (result && thread_misses_allocation())
			counters_unrecorded();
	} else if (failed && move->was_known) {
		record_slowly(&event, record_restore);
	} else if (!result || record_is_nested(thread, (uintptr_t)result)) {
		record_leave(thread);
	} else {
		record_new(thread, (uintptr_t)result, size, caller);
	}
}

uint64_t
record_freeing(void)
{
	return thread_freeing();
}
