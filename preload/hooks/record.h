/*
 * What the hooks call around the real allocator: the walk of one event through stack, intern,
 * ledger, counters and triggers. A free is recorded before it happens (afterwards another thread
 * may own the address), an allocation after it.
 */
#ifndef PRELOAD_HOOKS_RECORD_H
#define PRELOAD_HOOKS_RECORD_H

#include "preload/ledger/ledger.h"
#include "preload/unwind/stack.h"

/* All of them record nothing where tracing is off. */
void record_allocation(void *block, size_t size, const struct caller *caller);

/* False: there is nothing to free: no block, one of the boot arena, which has been freed, or one
 * that must not be freed now (a signal handler came upon the library at work); it will be, as soon
 * as this thread is done. `here`: CALLER_SP. */
bool record_free(void *block, uint64_t here);

/* Most definitions of operator new and delete end in malloc and free, which come to the hooks a
 * second and a third time. Before a call that may record the block that it gives: */
static inline void
record_call_allocator(void)
{
	struct thread *thread = thread_self;

	if (thread_is_plain(thread))
		thread->last_block = 0;
}

/* Whether it has. */
static inline bool
record_has_allocation(const void *block)
{
	const struct thread *thread = thread_self;

	return (uintptr_t)thread > (uintptr_t)THREAD_ENDED &&
	       thread->last_block == (uintptr_t)block;
}

/* A block whose free is recorded goes to the next operator delete, until record_passed. Any event
 * of this thread ends that as well: nothing outlives a longjmp. */
static inline void
record_pass(const void *block)
{
	if ((uintptr_t)thread_self > (uintptr_t)THREAD_ENDED)
		thread_self->passing = (uintptr_t)block;
}

/* So does no block, of which there is nothing to record. */
static inline bool
record_is_passing(const void *block)
{
	const struct thread *thread = thread_self;

	return (uintptr_t)thread > (uintptr_t)THREAD_ENDED && thread->passing == (uintptr_t)block;
}

static inline void
record_passed(void)
{
	record_pass(NULL);
}

/* realloc: begin takes the old block out, end puts the outcome in: the new block, or the old one
 * again where the real call failed. */
struct record_move { struct ledger_block old; bool was_known; };
void record_move_begin(void *block, const struct caller *caller, struct record_move *move);
void record_move_end(struct record_move *move, void *result, size_t size, bool failed,
                     const struct caller *caller);

#endif
