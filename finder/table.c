/*
 * Where a table's slots lie; see table.h. The walk has held them against their block.
 */
#include "finder/table.h"

static bool
evaluate(struct finder *finder, struct profile_expression expression, uint64_t *out)
{
	return profile_evaluate_unsigned(finder->proof.profile, expression, &finder->scope,
	                                 &finder->view, out);
}

bool
table_find(struct finder *finder, size_t index, struct table *table)
{
	const struct profile_walk *walk = &finder->proof.profile->walks[index];

	return evaluate(finder, walk->at, &table->at) &&
	       evaluate(finder, walk->count, &table->count) &&
	       evaluate(finder, walk->stride, &table->stride);
}
