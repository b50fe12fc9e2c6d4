/*
 * The slots of a table walk, asked for again once its map is proved. Used by parted.c and probes.c.
 */
#ifndef FINDER_TABLE_H
#define FINDER_TABLE_H

#include "finder/state.h"

struct table {
	uint64_t at, count, stride;
};

/* Where the slots of table walk number `index` of finder->proof's profile lie. False: that cannot
 * be said now. */
bool table_find(struct finder *finder, size_t index, struct table *table);

#endif
