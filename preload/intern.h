/*
 * From a list of return addresses to a stack id: the tree of nodes and the table of stacks in the
 * trace. Looking up a known stack takes no lock; a new one takes one lock of its own, under which
 * nothing of the guest runs.
 */
#ifndef PRELOAD_INTERN_H
#define PRELOAD_INTERN_H

#include "trace/format.h"

#include <stdbool.h>
#include <stddef.h>

/* The id of this stack for a block of this size; 0 (unknown) when the trace is full. First sight
 * asks module_of for each frame and role_decide for the role. *by_size: blocks of another size may
 * have another id. */
uint32_t intern_stack(const uint64_t *pcs, size_t count, bool cut, uint64_t size, bool *by_size);

/* Code may have moved (dlclose): forget what was matched by address, so that modules are asked again.
 * Ids that were given stay valid. */
void intern_forget(void);

/* Moves with each intern_forget; never 0. */
uint32_t intern_generation(void);

void intern_lock(void);   /* around fork and snapshots, from one thread */
void intern_unlock(void);
void intern_after_fork(void); /* child of a raw clone: no lock can be trusted */

#endif
