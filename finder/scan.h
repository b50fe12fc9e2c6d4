/*
 * The header search: every aligned word of the guest that points at a live block as an anchor of an
 * awake profile would, taken as a guess at a header.
 */
#ifndef FINDER_SCAN_H
#define FINDER_SCAN_H

#include "finder/state.h"

/* Adds to finder->candidates those guesses whose steps before the first walk are true, in order of
 * rank. Counts into the result what there was to look through, and what was seen before the
 * deadline. Returns 0, or -1 when memory was refused. */
int scan_memory(struct finder *finder, struct finder_result *result);

#endif
