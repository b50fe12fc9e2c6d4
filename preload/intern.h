/*
 * The tree of all stacks: a node for each distinct frame under its callers, and the stacks that end at
 * a node, both in the trace. Looking up what is known takes no lock; what is new takes one lock of its
 * own, under which nothing of the guest runs.
 */
#ifndef PRELOAD_INTERN_H
#define PRELOAD_INTERN_H

#include "trace/format.h"

#include <stdbool.h>
#include <stdint.h>

/* Where a frame under its callers has its place in the tree; `outer` is that of the caller's frame (0:
 * none). `module` is the trace's number of what holds pc, or RULE_NO_MODULE. It needs no look-up, so
 * the nodes of several frames can be on their way to the processor at once: intern_expect. */
uint32_t intern_path(uint32_t outer, uint64_t pc, uint16_t module);
void intern_expect(uint32_t path);

/* The node of a frame under the node of its caller (0: the outermost), made at first sight; 0: the
 * trace is full. */
uint32_t intern_node(uint32_t parent, uint32_t path, uint64_t pc, uint16_t module);

/* The id of the stack whose innermost frame is `node`, for a block of this size; 0 (unknown) when the
 * trace is full. First sight asks role_decide. `cut`: there were more frames outside. *by_size: blocks
 * of another size may have another id. */
uint32_t intern_stack(uint32_t node, bool cut, uint64_t size, bool *by_size);

/* The same stack with a role that the program itself told. 0: the trace is full. */
uint32_t intern_told(uint32_t id, enum trace_role role);

void intern_lock(void);   /* around fork and snapshots, from one thread */
void intern_unlock(void);
void intern_after_fork(void); /* child of a raw clone: no lock can be trusted */

#endif
