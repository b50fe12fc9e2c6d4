/*
 * One snapshot held against one limit. Called by limits.c for each snapshot and limit.
 *
 * The rule that must never break: the low end holds nothing but what is proved, the high end
 * everything that could be.
 */
#include "analyzer/limits_measure.h"
#include "analyzer/baseline.h"

static uint64_t
map_low(const struct model_map *map)
{
	return map->retained == TRACE_UNKNOWN ? 0 : map->retained;
}

/* Without a rule all that the map holds may be retained. */
static uint64_t
map_high(const struct model_map *map)
{
	return map->retained == TRACE_UNKNOWN ? map->held : map->retained_high;
}

static uint64_t
map_unruled(const struct model_map *map)
{
	return map->retained == TRACE_UNKNOWN ? map->held : 0;
}

static uint64_t
map_buckets(const struct model_map *map)
{
	uint64_t now = map->row->bucket_bytes, old = map->row->old_bucket_bytes;

	return model_add(now == TRACE_UNKNOWN ? 0 : now, old == TRACE_UNKNOWN ? 0 : old);
}

static void
measure_retained(const struct limits_view *view, struct limits_finding *finding)
{
	for (size_t i = 0; i < view->count; i++) {
		const struct model_map *map = view->maps[i];

		finding->low = model_add(finding->low, map_low(map));
		finding->high = model_add(finding->high, map_high(map));
		finding->unruled = model_add(finding->unruled, map_unruled(map));
		if (!finding->map || map_high(map) > map_high(finding->map))
			finding->map = map;
	}
	finding->maps = view->count;
	finding->unexplained = view->unexplained;
	finding->high = model_add(finding->high, finding->unexplained);
}

static void
measure_cause(const struct limits_view *view, struct limits_finding *finding)
{
	for (size_t i = 0; i < view->count; i++) {
		const struct model_map *map = view->maps[i];

		finding->low = model_add(finding->low, map->unknown_cause);
		if (!finding->map || map->unknown_cause > finding->map->unknown_cause)
			finding->map = map;
	}
	finding->maps = view->count;
	finding->unexplained = view->unexplained;
	finding->high = model_add(finding->low, finding->unexplained);
}

static void
measure_buckets(const struct limits_view *view, struct limits_finding *finding)
{
	for (size_t i = 0; i < view->count; i++) {
		finding->low = model_add(finding->low, map_buckets(view->maps[i]));
		if (!finding->map || map_buckets(view->maps[i]) > map_buckets(finding->map))
			finding->map = view->maps[i];
	}
	finding->maps = view->count;
	finding->unexplained = view->unexplained;
	finding->high = model_add(finding->low, finding->unexplained);
}

/* All unexplained bytes could be one map's. The map to name is the one that proves most. */
static void
measure_per_map(const struct limits_view *view, struct limits_finding *finding)
{
	for (size_t i = 0; i < view->count; i++) {
		const struct model_map *map = view->maps[i];
		bool is_worse = !finding->map || map_low(map) > map_low(finding->map) ||
				(map_low(map) == map_low(finding->map) &&
				 map_high(map) > map_high(finding->map));

		if (is_worse)
			finding->map = map;
		if (map_low(map) > finding->low)
			finding->low = map_low(map);
		if (map_high(map) > finding->high) {
			finding->high = map_high(map);
			finding->unruled = map_unruled(map);
		}
		if (map_low(map) > finding->allowed)
			finding->maps++;
	}
	if (view->unexplained > finding->high) {
		finding->high = finding->unexplained = view->unexplained;
		finding->unruled = 0;
	}
}

/* The emptiest map. Low and high are the same percentage, 100 where no map is large enough. */
static void
measure_fill(const struct limits_view *view, struct limits_finding *finding)
{
	uint64_t minimum = view->limits->fill_minimum;

	finding->low = 100;
	for (size_t i = 0; i < view->count; i++) {
		const struct model_map *map = view->maps[i];
		uint64_t fill = model_fill_percent(map);

		if (map->held < minimum)
			continue;
		if (fill == TRACE_UNKNOWN && map->held > 0)
			finding->unruled = model_add(finding->unruled, map->held);
		if (fill == TRACE_UNKNOWN)
			continue;
		finding->maps += fill < finding->allowed;
		if (!finding->map || fill < finding->low ||
		    (fill == finding->low && map->held > finding->map->held)) {
			finding->map = map;
			finding->low = fill;
		}
	}
	finding->high = finding->low;
	finding->unexplained = view->unexplained >= minimum ? view->unexplained : 0;
}

static void
measure_growth(const struct limits_view *view, struct limits_finding *finding)
{
	struct baseline *now = baseline_build(view->model, view->maps, view->count);

	finding->maps = view->count;
	finding->unexplained = model_less(view->unexplained, view->limits->baseline_unexplained);
	if (!now) { /* no memory: nothing is proved */
		finding->high = TRACE_UNKNOWN - 1;
		return;
	}
	baseline_growth(view->limits->baseline, now, &finding->low, &finding->high, &finding->map);
	finding->high = model_add(finding->high, finding->unexplained);
	baseline_release(now);
}

static enum limits_verdict
verdict_of(const struct limits_finding *finding)
{
	if (finding->kind == LIMITS_FILL) {
		if (finding->low < finding->allowed)
			return LIMITS_OVER;
		if (finding->allowed == 0) /* no map can be emptier than empty */
			return LIMITS_WITHIN;
		return finding->unruled || finding->unexplained ? LIMITS_UNJUDGED : LIMITS_WITHIN;
	}
	if (finding->low > finding->allowed)
		return LIMITS_OVER;
	return finding->high > finding->allowed ? LIMITS_UNJUDGED : LIMITS_WITHIN;
}

struct limits_finding
limits_measure(const struct limits_view *view, enum limits_kind kind)
{
	static void (*const measures[LIMITS_KINDS])(const struct limits_view *,
						    struct limits_finding *) = {
	    [LIMITS_RETAINED] = measure_retained, [LIMITS_PER_MAP] = measure_per_map,
	    [LIMITS_FILL] = measure_fill,         [LIMITS_BUCKETS] = measure_buckets,
	    [LIMITS_GROWTH] = measure_growth,     [LIMITS_CAUSE] = measure_cause,
	};
	struct limits_finding finding = {
	    .kind = kind, .snapshot = view->snapshot, .allowed = view->limits->allowed[kind]};

	measures[kind](view, &finding);
	finding.verdict = verdict_of(&finding);
	return finding;
}
