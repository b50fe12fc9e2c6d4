/* One snapshot held against one limit. Between limits.c, which chooses what is measured, and
 * limits_measure.c, which measures. */
#ifndef ANALYZER_LIMITS_MEASURE_H
#define ANALYZER_LIMITS_MEASURE_H

#include "analyzer/limits.h"

/* What limits are for in one snapshot. */
struct limits_view {
	struct model *model;
	const struct model_snapshot *snapshot;
	const struct limits *limits;
	const struct model_map **maps; /* without those that are left out */
	size_t count;
	uint64_t unexplained; /* bytes, without those of stacks that are left out */
};

/* Measures and judges; every field of the finding is set. */
struct limits_finding limits_measure(const struct limits_view *view, enum limits_kind kind);

#endif
