/*
 * The slow way of an event: the one that also asks the triggers. Every event that moves a large
 * block takes it, every one where events are rare or stacks are checked, and of all others one in
 * up to 64 that finds the clock moved on (while something waits for its moment, one in 8 whatever
 * the clock says); and whatever finds too little room on the guest's stack.
 */
#ifndef PRELOAD_HOOKS_SLOW_H
#define PRELOAD_HOOKS_SLOW_H

#include "preload/hooks/record.h"
#include "preload/snapshot/large.h"
#include "preload/snapshot/trigger.h"

/* Counts an event that brings `size` bytes (0: it brings none); true: slow_is_due is to be asked.
 * `header`: the trace's. */
static inline __attribute__((always_inline)) bool
slow_count_event(struct thread *thread, const struct trace_header *header, uint64_t size)
{
	return __builtin_expect(--thread->until_look < 0 || trigger_is_asked(header) ||
	                        size >= LARGE_BYTES, 0);
}

/* Counts it as well; true: it goes this way. Where there is room on the stack for the clock. */
bool slow_is_due(struct thread *thread, uint64_t size);

/* Each does its event's work where there is stack for it, else counts it as unrecorded. errno
 * stays. */
void slow_allocation(struct thread *thread, uint64_t address, uint64_t size,
                     const struct caller *caller);
void slow_leaving(struct thread *thread, uint64_t address, bool is_freed, struct record_move *move);

/* A block did not leave after all. */
void slow_restore(struct thread *thread, struct record_move *move);

#endif
