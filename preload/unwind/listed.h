/* The stack that libunwind listed last, for one thread. */
#ifndef PRELOAD_LISTED_H
#define PRELOAD_LISTED_H

#include "preload/stacks/intern.h"
#include "preload/unwind/stack.h"

#include <stddef.h>

/* The outermost frame first. */
struct listed {
	size_t count;
	size_t lost; /* frames up to one that loses rbp, with it; 0: there is none */
	uint64_t pcs[STACK_DEPTH_MAX];
	struct leaf leaves[STACK_DEPTH_MAX];
};

/* The leaf of the stack in `pcs`, innermost first. *cut is set where frames further out cannot be
 * known. Node 0: the trace is full. */
struct leaf listed_find(struct listed *last, const uint64_t *pcs, size_t count, bool *cut);

#endif
