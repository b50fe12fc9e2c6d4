/*
 * One event of the guest, from the hook to the counters. Called by hooks.c and operators.c with
 * nothing locked.
 *
 *     allocation   real call --> record: stack, ledger, counters
 *     free         record: ledger, counters --> real call
 *     realloc      record: ledger, counters --> real call --> record: stack, ledger, counters
 *
 * Nearly all events go the straight way (straight.h). What that cannot do it has not begun: the
 * event is recorded here anew, in any way that there is. Only where a stack has to be learned is it
 * gone on with.
 *
 * Rules: errno leaves as it came: each way that leaves the straight one puts it back (asking libc
 * for its address costs as much as the counters); the real allocator is never called from inside.
 */
#include "preload/hooks/record.h"

#include "preload/hooks/boot.h"
#include "preload/hooks/real.h"
#include "preload/hooks/straight.h"
#include "preload/process/tracer.h"

#include <errno.h>

#define COLD __attribute__((noinline))

/* What a hook calls where the straight way ends. A guest that calls malloc with its stack 8 bytes
 * off lives with allocators that need no more; so does what is written out in the hooks. */
#if defined(__x86_64__)
#define END COLD __attribute__((force_align_arg_pointer))
#else
#define END COLD
#endif

/* ---- into the library and out of it */

/* Blocks that were freed while this thread was busy inside are freed now. */
END void
record_free_pending(struct thread *thread)
{
	uint64_t blocks[THREAD_PENDING_MAX];
	uint32_t count = thread_take_postponed(thread, blocks);
	int before = errno;

	thread_leave(thread);
	for (uint32_t i = 0; i < count; i++) {
		if (record_free((void *)blocks[i], CALLER_SP))
			real.free((void *)blocks[i]);
	}
	errno = before;
}

/* False: nothing is recorded in this process. *thread is NULL where the library is at work already,
 * or has no memory. A handler may fork before the thread is inside: the rest of the event is the
 * child's then, and not for the parent's trace. */
static bool
record_enter(struct thread **thread, uint64_t here)
{
	while (tracer_is_on() || tracer_wake()) {
		*thread = thread_enter_at(here);
		if (!*thread || tracer_is_on())
			return true;
		thread_leave(*thread);
	}
	return false;
}

static void
record_leave(struct thread *thread)
{
	if (thread->pending_count)
		record_free_pending(thread);
	else
		thread_leave(thread);
}

/* An allocation within another event of this thread. */
static void
record_missed(void)
{
	if (thread_misses_allocation())
		counters_unrecorded();
}

/* ---- allocations */

static void
record_new(struct thread *thread, uint64_t address, uint64_t size, const struct caller *caller)
{
	if (!stack_has_room(thread, (uintptr_t)caller) || slow_is_due(thread, size))
		slow_allocation(thread, address, size, caller);
	else
		books_add(thread, address, size, stack_identify(thread, caller, size));
}

/* Whether an inner call of this thread has just recorded this block: malloc under operator new, or
 * under an entry point that the next allocator builds on another one. */
static bool
record_is_nested(const struct thread *thread, uint64_t address)
{
	return thread->last_block == address && ledger_knows(address);
}

END void
record_allocation_anew(void *block, size_t size, const struct caller *caller)
{
	uint64_t address = (uintptr_t)block;
	struct thread *thread;

	if (!record_enter(&thread, caller->sp))
		return;
	if (!thread) {
		record_missed();
		return;
	}
	if (!record_is_nested(thread, address))
		record_new(thread, address, size, caller);
	record_leave(thread);
}

END void
record_learned(struct thread *thread, uint64_t address, uint64_t size, const struct caller *caller,
               const struct memo_stack *known)
{
	change_end(thread);
	if (!record_is_nested(thread, address))
		books_add(thread, address, size, history_identify(thread, caller, size, known));
	record_leave(thread);
}

void
record_allocation(void *block, size_t size, const struct caller *caller)
{
	straight_allocate(block, size, *caller);
}

/* ---- blocks that leave */

/* A block that the straight way could not take for its place alone: no large one, nothing is due,
 * and there is room to look for it. False: it has not left. */
static bool
record_takes_small(struct thread *thread, uint64_t address, uint64_t here, struct record_move *move)
{
	return stack_has_room(thread, here) && !slow_is_due(thread, 0) &&
	       books_remove_small(thread, address, move);
}

/* In any way that there is; and out of the library. */
static void
record_leaving(struct thread *thread, uint64_t address, uint64_t here, bool is_freed,
               struct record_move *move)
{
	if (!record_takes_small(thread, address, here, move))
		slow_leaving(thread, address, is_freed, move);
	record_leave(thread);
}

END bool
record_free_anew(void *block, uint64_t here)
{
	struct record_move move;
	struct thread *thread;

	if (!block)
		return false;
	if (boot_owns(block)) {
		boot_free(block);
		return false;
	}
	if (!record_enter(&thread, here))
		return true;
	if (thread) {
		record_leaving(thread, (uintptr_t)block, here, true, &move);
		return true;
	}
	if (thread_postpone(block)) /* in a signal handler that interrupted an event of this thread,
	                             * or in libc on our behalf */
		return false;
	record_missed();
	return true;
}

bool
record_free(void *block, uint64_t here)
{
	return straight_free(block, here);
}

/* ---- realloc */

static END bool
record_leaving_anew(uint64_t address, uint64_t here, struct record_move *move)
{
	struct thread *thread;

	move->was_known = false;
	if (!record_enter(&thread, here) || !thread)
		return false;
	record_leaving(thread, address, here, false, move);
	return move->was_known;
}

void
record_move_begin(void *block, const struct caller *caller, struct record_move *move)
{
	move->was_known = straight_leaving((uintptr_t)block, caller->sp, &move->old) ||
	                  record_leaving_anew((uintptr_t)block, caller->sp, move);
}

/* Where the real call failed the old block is there still. */
END void
record_move_end(struct record_move *move, void *result, size_t size, bool failed,
                const struct caller *caller)
{
	struct thread *thread;

	if (result)
		record_allocation(result, size, caller);
	else if (failed && move->was_known && record_enter(&thread, caller->sp) && thread) {
		slow_restore(thread, move);
		record_leave(thread);
	}
}
