/*
 * What stacks with these innermost frames were decided to be: a role hangs on the few frames
 * between malloc and the map, and most new stacks have the same few as one before. Called by
 * stacks.c, under intern's lock.
 */
#ifndef PRELOAD_STACKS_PRECEDENT_H
#define PRELOAD_STACKS_PRECEDENT_H

#include "trace/format.h"

#include <stdint.h>

/* Of the stack whose innermost frame is this node; NULL: it has to be decided. */
const struct trace_decision *precedent_find(uint32_t node);

/* That one was decided so by its `depth` innermost frames, whatever the size; where it has fewer,
 * by that as well. */
void precedent_keep(uint32_t node, uint32_t depth, const struct trace_decision *decision);

/* Another profile has a say from now on. */
void precedent_forget(void);

#endif
