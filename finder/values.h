/*
 * Out-of-line keys and values that a walk meets, noted by address and looked up in groups: one
 * after the other each look-up would wait for memory. Called by walk.c.
 */
#ifndef FINDER_VALUES_H
#define FINDER_VALUES_H

#include "finder/state.h"

/* Notes an address that may be the start of a block. -1: out of memory, as finder says. */
int values_note(struct finder *finder, uint64_t address);

/* Looks up what is still noted: the blocks among them become values of the present map. Called at
 * the end of every walk. -1: out of memory. */
int values_settle(struct finder *finder);

#endif
