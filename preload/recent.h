/* The stacks that a thread saw last, frame by frame: most allocations repeat one of them. */
#ifndef PRELOAD_RECENT_H
#define PRELOAD_RECENT_H

#include "preload/thread.h"

/* The id of the stack whose `count` frames are in thread->pcs, or 0: not among them. */
uint32_t recent_find(const struct thread *thread, size_t count, bool cut);

/* The stack in thread->pcs has this id, for a block of any size. */
void recent_keep(struct thread *thread, size_t count, bool cut, uint32_t id);

#endif
