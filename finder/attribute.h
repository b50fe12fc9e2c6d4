/*
 * From a proved candidate to a map: its parts, its row, its claims on blocks.
 */
#ifndef FINDER_ATTRIBUTE_H
#define FINDER_ATTRIBUTE_H

#include "finder/state.h"

/* Adds the map of finder->proof, whose steps are all true. PROOF_REFUSED where its parts do not add
 * up to their blocks or belong to another map: reason and line are in proof. */
enum proof_result attribute_map(struct finder *finder);

/* Gives back what the candidate in finder->proof took. */
void attribute_undo(struct finder *finder);

/* After the last map: gives every out-of-line key and value that is no map's structure to the first
 * map that reached it. Returns 0, or -1 when memory was refused. */
int attribute_values(struct finder *finder);

#endif
