/*
 * How many entries each bucket has, where one list runs through all buckets.
 */
#ifndef FINDER_PARTED_H
#define FINDER_PARTED_H

#include "finder/state.h"

/* Fills used_slots and deepest_slot in the census of chain walk number `index` of the proved
 * candidate, before anything is claimed but what its walks reached. False: it has no such list, or
 * the list and the slots do not agree at this moment. */
bool parted_measure(struct finder *finder, size_t index);

#endif
