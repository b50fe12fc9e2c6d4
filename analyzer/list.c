/*
 * Which maps a command shows and in which order. Called by report, maps and check. Two maps never
 * compare as equal, so the same trace prints the same way everywhere.
 */
#include "analyzer/model.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* A layout shows its chains or its probes, or neither. */
static uint64_t
longest_search(const struct trace_map *row)
{
	if (row->longest_chain != TRACE_UNKNOWN)
		return row->longest_chain;
	return row->longest_probe != TRACE_UNKNOWN ? row->longest_probe : 0;
}

static uint64_t
sort_key(const struct model_map *map, enum model_sort sort)
{
	uint64_t key = sort == MODEL_SORT_HELD    ? map->held
		       : sort == MODEL_SORT_COUNT ? map->row->count
						  : map->retained;

	if (sort == MODEL_SORT_CHAIN)
		return longest_search(map->row);
	return key == TRACE_UNKNOWN ? 0 : key;
}

static int
compare(const void *left, const void *right, void *context)
{
	const struct model_map *a = *(const struct model_map *const *)left;
	const struct model_map *b = *(const struct model_map *const *)right;
	enum model_sort sort = *(const enum model_sort *)context;
	uint64_t key_a = sort_key(a, sort), key_b = sort_key(b, sort);

	if (sort != MODEL_SORT_ADDRESS && key_a != key_b)
		return key_a > key_b ? -1 : 1;
	if (sort == MODEL_SORT_RETAINED && a->retained_high != b->retained_high)
		return a->retained_high > b->retained_high ? -1 : 1;
	if (sort != MODEL_SORT_ADDRESS && a->held != b->held)
		return a->held > b->held ? -1 : 1;
	if (a->row->address != b->row->address)
		return a->row->address < b->row->address ? -1 : 1;
	return (a > b) - (a < b);
}

int
model_compare_worst(const struct model_map *a, const struct model_map *b)
{
	enum model_sort sort = MODEL_SORT_RETAINED;

	return compare(&a, &b, &sort);
}

static bool
passes(const struct model_map *map, const struct model_filter *filter)
{
	return map->held >= filter->minimum &&
	       (!filter->profile || fnmatch(filter->profile, map->profile_name, 0) == 0);
}

const struct model_map **
model_list(const struct model_snapshot *snapshot, const struct model_filter *filter, size_t *count)
{
	size_t all = snapshot->rows->maps_count;
	const struct model_map **maps = calloc(all + 1, sizeof *maps);
	enum model_sort sort = filter->sort;

	*count = 0;
	if (!maps)
		return NULL;
	for (size_t i = 0; i < all; i++)
		if (passes(&snapshot->maps[i], filter))
			maps[(*count)++] = &snapshot->maps[i];
	qsort_r(maps, *count, sizeof *maps, compare, &sort);
	return maps;
}
