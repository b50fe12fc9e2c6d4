/*
 * The straight way of an event, which nearly all go: a thread that has its state, with room on its
 * stack; nothing due; a small block; a stack that the thread had lately, with one role. It calls
 * nothing, since a frame costs as much as the ledger, and what it cannot do it has not begun. Part
 * of record.c, and within malloc and free themselves.
 */
#ifndef PRELOAD_HOOKS_STRAIGHT_H
#define PRELOAD_HOOKS_STRAIGHT_H

#include "preload/hooks/books.h"
#include "preload/hooks/slow.h"
#include "preload/process/tracer.h"
#include "preload/unwind/history.h"

#define FAST __attribute__((always_inline))

/* ---- in record.c: where it ends. The caller is in registers until then: what these are told is a
 * copy. */

void record_allocation_anew(void *block, size_t size, const struct caller *caller);

/* As record_free. */
bool record_free_anew(void *block, uint64_t here);

/* From inside, and out of it: the stack is one that this thread did not have lately (NULL), or
 * depends on the size, or the books want more than the straight way gives them. */
void record_learned(struct thread *thread, uint64_t address, uint64_t size,
                    const struct caller *caller, const struct memo_stack *known);

/* From inside, and out of it: blocks that were freed while this thread was busy are freed now. */
void record_free_pending(struct thread *thread);

static inline FAST void
straight_leave(struct thread *thread)
{
	if (__builtin_expect(thread->pending_count, 0))
		record_free_pending(thread);
	else
		thread_leave_plain(thread);
}

/* ---- allocations */

/* A block comes; false: it has not, in this way. */
static inline FAST bool
straight_coming(void *block, size_t size, struct caller caller)
{
	uint64_t address = (uintptr_t)block;
	struct thread *thread = thread_enter_plain(caller.sp, THREAD_INSIDE);
	struct trace_header *header = tracer_header();
	const struct memo_stack *known;

	if (__builtin_expect(!thread, 0))
		return false;
	if (__builtin_expect(!header || slow_count_event(thread, header, size) ||
	                     !stack_has_room(thread, caller.sp), 0)) {
		thread_leave_plain(thread);
		return false;
	}
	known = history_recall(thread, &caller);
	if (__builtin_expect(!known || !change_try(thread) ||
	                     !books_add_plain(thread, header, address, size, known->stack), 0)) {
		struct caller told = caller;

		record_learned(thread, address, size, &told, known);
	} else {
		straight_leave(thread);
	}
	return true;
}

/* record_allocation, whichever way it goes. */
static inline FAST void
straight_allocate(void *block, size_t size, struct caller caller)
{
	if (!straight_coming(block, size, caller)) {
		struct caller told = caller;

		record_allocation_anew(block, size, &told);
	}
}

/* ---- frees */

/* A block leaves; false: it has not, in this way. */
static inline FAST bool
straight_leaving(uint64_t address, uint64_t here, struct ledger_block *old)
{
	struct thread *thread = thread_enter_plain(here, THREAD_CHANGING);
	struct trace_header *header = tracer_header();

	if (__builtin_expect(!thread, 0))
		return false;
	if (__builtin_expect(!header || slow_count_event(thread, header, 0) ||
	                     change_is_stopped() ||
	                     !books_remove_plain(thread, header, address, old), 0)) {
		thread_leave_plain(thread);
		return false;
	}
	straight_leave(thread);
	return true;
}

/* record_free, whichever way it goes. */
static inline FAST bool
straight_free(void *block, uint64_t here)
{
	struct ledger_block old;

	return straight_leaving((uintptr_t)block, here, &old) || record_free_anew(block, here);
}

#endif
