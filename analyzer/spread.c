/*
 * How a number is spread over the maps of a group: ten thousand small dicts are one line, and their
 * sum alone would not tell whether one of them is huge. Called by the writers for each group of
 * more than one map.
 *
 *     sorted values   |least ....... median ....... nine_tenths .. most|
 *
 * Each is the value of some map, never a mean of two: the smallest one that at least a half, or
 * nine tenths, of the maps do not exceed. What is not known is left out, and `known` says of how
 * many maps the rest speaks.
 */
#include "analyzer/model.h"

#include <stdlib.h>

static uint64_t
value_of(const struct model_map *map, enum model_measure measure)
{
	switch (measure) {
	case MODEL_HELD:
		return map->held;
	case MODEL_RETAINED:
		return map->retained;
	case MODEL_FILL:
		return model_fill_percent(map);
	default:
		return map->row->count;
	}
}

static int
compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

struct model_spread
model_spread(const struct model_group *group, enum model_measure measure)
{
	uint64_t *values = malloc((group->totals.maps + 1) * sizeof *values);
	struct model_spread spread = {0};
	size_t known = 0;

	for (uint64_t i = 0; values && i < group->totals.maps; i++) {
		uint64_t value = value_of(group->maps[i], measure);

		if (value != TRACE_UNKNOWN)
			values[known++] = value;
	}
	if (known) {
		qsort(values, known, sizeof *values, compare);
		spread = (struct model_spread){
		    .known = known,
		    .least = values[0],
		    .median = values[(known - 1) / 2],
		    .nine_tenths = values[(known * 9 + 9) / 10 - 1],
		    .most = values[known - 1],
		};
	}
	free(values);
	return spread;
}
