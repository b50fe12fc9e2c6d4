/* The stacks that end at a node, in the trace: one, or one for each role that a size decides. */
#ifndef PRELOAD_STACKS_STACKS_H
#define PRELOAD_STACKS_STACKS_H

#include "preload/stacks/intern.h"
#include "trace/format.h"

/* The id of the stack whose innermost frame is `leaf`, for a block of this size; 0 (unknown) when
 * the trace is full. First sight asks role_decide. `cut`: there were more frames outside. *by_size:
 * blocks of another size may have another id. leaf->end is brought up to date. */
uint32_t stacks_identify(struct leaf *leaf, bool cut, uint64_t size, bool *by_size);

/* The same stack with a role that the program itself told. 0: the trace is full. */
uint32_t stacks_told(uint32_t id, enum trace_role role);

/* A stack without frames, for memory whose allocations nobody saw; `flags`: enum trace_stack_flag.
 * The same flags have the same id. 0: the trace is full. */
uint32_t stacks_without_frames(uint8_t flags);

#endif
