/*
 * How many places a search looks at before it comes to its entry: open addressing whose map keeps
 * the hashes of its entries.
 */
#ifndef FINDER_PROBES_H
#define FINDER_PROBES_H

#include "finder/state.h"

struct probes {
	uint64_t all;     /* searches for each entry once, together */
	uint64_t longest;
};

/* Adds the searches in table walk number `index` of the proved candidate. False: its profile tells
 * no search, or one of them does not lead to its entry: then its rule is not that of this map, and
 * nothing is known. */
bool probes_measure(struct finder *finder, size_t index, struct probes *probes);

#endif
