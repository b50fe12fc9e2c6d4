/*
 * What maps need, and what they hold beyond it. Pure arithmetic over a loaded model: load.c calls
 * it once, tests call it on hand-made traces.
 */
#ifndef ANALYZER_RETAINED_H
#define ANALYZER_RETAINED_H

#include "analyzer/model.h"

/* Fills everything of one map that needs no other map. */
void retained_map(struct model_map *map);

/* For all snapshots: tells room asked for in advance apart, sums totals, attributes bytes. Maps are
 * filled by retained_map and sorted by address. -1: no memory. */
int retained_settle(struct model *model);

#endif
