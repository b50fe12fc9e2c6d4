/*
 * One event of the guest, from the hook to the counters. Called by hooks.c and operators.c with
 * nothing locked and no depth raised.
 *
 *     allocation   real call --> record: stack, ledger, counters
 *     free         record: ledger, counters --> real call
 *     realloc      record: ledger, counters --> real call --> record: stack, ledger, counters
 *
 * That is the straight way, one frame for each entry point; slow.h says which events also look at
 * the clock.
 *
 * Rules: errno leaves as it came: each way that leaves the straight one puts it back (asking libc
 * for its address costs as much as the counters); the real allocator is never called with depth
 * raised.
 */
#include "preload/hooks/record.h"

#include "preload/hooks/books.h"
#include "preload/hooks/real.h"
#include "preload/hooks/slow.h"
#include "preload/process/tracer.h"

#include <errno.h>

#define FAST __attribute__((always_inline))

/* ---- into the library and out of it */

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

/* A handler may have forked since the hook asked whether tracing is on: the rest of the event is
 * the child's, and not for the parent's trace. */
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

/* An allocation within another event of this thread. */
static __attribute__((noinline)) void
record_missed(void)
{
	if (thread_misses_allocation())
		counters_unrecorded();
}

/* ---- allocations */

/* Whether an inner call of this thread has just recorded this block: malloc under operator new, or
 * under an entry point that the next allocator builds on another one. */
static inline FAST bool
record_is_nested(const struct thread *thread, uint64_t address)
{
	return __builtin_expect(thread->last_block == address, 0) && ledger_knows(address);
}

static inline FAST void
record_new(struct thread *thread, uint64_t address, uint64_t size, const struct caller *caller)
{
	if (__builtin_expect(slow_is_due(thread, size) || !stack_has_room(thread), 0))
		slow_allocation(thread, address, size, caller);
	else
		books_add(thread, address, size, caller);
	record_leave(thread);
}

void
record_allocation(void *block, size_t size, const struct caller *caller)
{
	struct thread *thread = record_enter();

	if (__builtin_expect(!thread, 0))
		record_missed();
	else if (record_is_nested(thread, (uintptr_t)block))
		record_leave(thread);
	else
		record_new(thread, (uintptr_t)block, size, caller);
}

/* ---- frees */

/* A block leaves: by free, or by realloc. */
static inline FAST void
record_leaving(struct thread *thread, uint64_t address, struct record_move *move)
{
	if (__builtin_expect(!slow_is_due(thread, 0), 1) &&
	    __builtin_expect(books_remove_plain(thread, address, &move->old), 1))
		move->was_known = true;
	else
		slow_leaving(thread, address, move);
	record_leave(thread);
}

/* In a signal handler that interrupted an event of this thread, or in libc on our behalf. */
static bool
record_free_inside(void *block)
{
	if (thread_postpone(block))
		return false;
	record_missed();
	return true;
}

static __attribute__((noinline)) bool
record_free_slowly(void *block)
{
	struct thread *thread = record_enter();
	struct record_move move;

	if (__builtin_expect(!thread, 0))
		return record_free_inside(block);
	thread->freeing = (uintptr_t)block;
	slow_leaving(thread, (uintptr_t)block, &move);
	record_leave(thread);
	return true;
}

static __attribute__((noinline)) bool
record_free_all_pending(struct thread *thread)
{
	record_leave(thread);
	return true;
}

/* The straight way needs no frame: it calls nothing, and what it cannot do it has not begun. */
bool
record_free(void *block)
{
	struct thread *thread = thread_enter_plain();
	struct ledger_block old;

	if (__builtin_expect(!thread, 0))
		return record_free_slowly(block);
	thread->freeing = (uintptr_t)block;
	if (__builtin_expect(!tracer_is_on() || slow_is_due(thread, 0) ||
	                     !books_remove_plain(thread, (uintptr_t)block, &old), 0)) {
		thread->freeing = 0;
		thread->depth = 0;
		return record_free_slowly(block);
	}
	if (__builtin_expect(thread->pending_count, 0))
		return record_free_all_pending(thread);
	thread->freeing = 0;
	thread->depth = 0;
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

/* As record_allocation, but where the real call failed the old block is there still. */
void
record_move_end(struct record_move *move, void *result, size_t size, bool failed,
                const struct caller *caller)
{
	struct thread *thread = record_enter();

	if (__builtin_expect(!thread, 0)) {
		if (result)
			record_missed();
		return;
	}
	if (failed && move->was_known) {
		slow_restore(thread, move);
		record_leave(thread);
	} else if (!result || record_is_nested(thread, (uintptr_t)result)) {
		record_leave(thread);
	} else {
		record_new(thread, (uintptr_t)result, size, caller);
	}
}
