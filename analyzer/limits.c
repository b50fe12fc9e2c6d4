/*
 * Limits: the gate's arithmetic. Called by check.c with one trace at a time.
 *
 * Every judged snapshot is measured against every limit, and the worst finding of each limit stays:
 * a trace passes only if it would have passed at each of these moments.
 */
#include "analyzer/limits.h"
#include "analyzer/accepted.h"
#include "analyzer/baseline.h"

#include <stdlib.h>
#include <string.h>

/* The maps of one snapshot that limits are for. */
struct view {
	struct model *model;
	const struct model_snapshot *snapshot;
	const struct limits *limits;
	const struct model_map **maps;
	size_t count;
};

const char *
limits_name(enum limits_kind kind)
{
	static const char *const names[LIMITS_KINDS] = {
	    [LIMITS_RETAINED] = "retained", [LIMITS_PER_MAP] = "retained-per-map",
	    [LIMITS_FILL] = "fill",         [LIMITS_BUCKETS] = "buckets",
	    [LIMITS_GROWTH] = "growth",
	};

	return names[kind];
}

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
measure_retained(const struct view *view, struct limits_finding *finding)
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
	finding->unexplained = view->snapshot->unexplained;
	finding->high = model_add(finding->high, finding->unexplained);
}

static void
measure_buckets(const struct view *view, struct limits_finding *finding)
{
	for (size_t i = 0; i < view->count; i++) {
		finding->low = model_add(finding->low, map_buckets(view->maps[i]));
		if (!finding->map || map_buckets(view->maps[i]) > map_buckets(finding->map))
			finding->map = view->maps[i];
	}
	finding->maps = view->count;
	finding->unexplained = view->snapshot->unexplained;
	finding->high = model_add(finding->low, finding->unexplained);
}

/* All unexplained bytes could be one map's. The map to name is the one that proves most. */
static void
measure_per_map(const struct view *view, struct limits_finding *finding)
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
	if (view->snapshot->unexplained > finding->high) {
		finding->high = finding->unexplained = view->snapshot->unexplained;
		finding->unruled = 0;
	}
}

/* The emptiest map. Low and high are the same percentage, 100 where no map is large enough. */
static void
measure_fill(const struct view *view, struct limits_finding *finding)
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
	finding->unexplained =
	    view->snapshot->unexplained >= minimum ? view->snapshot->unexplained : 0;
}

static void
measure_growth(const struct view *view, struct limits_finding *finding)
{
	struct baseline *now = baseline_build(view->model, view->maps, view->count);

	finding->maps = view->count;
	finding->unexplained =
	    model_less(view->snapshot->unexplained, view->limits->baseline_unexplained);
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

static struct limits_finding
measure(const struct view *view, enum limits_kind kind)
{
	static void (*const measures[LIMITS_KINDS])(const struct view *,
						    struct limits_finding *) = {
	    [LIMITS_RETAINED] = measure_retained, [LIMITS_PER_MAP] = measure_per_map,
	    [LIMITS_FILL] = measure_fill,         [LIMITS_BUCKETS] = measure_buckets,
	    [LIMITS_GROWTH] = measure_growth,
	};
	struct limits_finding finding = {
	    .kind = kind, .snapshot = view->snapshot, .allowed = view->limits->allowed[kind]};

	measures[kind](view, &finding);
	finding.verdict = verdict_of(&finding);
	return finding;
}

/* Whether `a`, of a later snapshot, takes the place of `b`: as in reports, the last of equals does.
 */
static bool
outdoes(const struct limits_finding *a, const struct limits_finding *b)
{
	if (a->verdict != b->verdict)
		return a->verdict > b->verdict;
	if (a->kind == LIMITS_FILL)
		return a->low <= b->low;
	return a->low != b->low ? a->low > b->low : a->high >= b->high;
}

static bool
is_for(const struct view *view, const struct model_map *map)
{
	const struct limits *limits = view->limits;

	if (limits->profile && !accepted_glob_matches(limits->profile, map->profile_name))
		return false;
	return !limits->leaves_out || !limits->leaves_out(limits->context, view->model, map);
}

/* Chooses the maps of view->snapshot. -1: no memory. */
static int
choose_maps(struct view *view)
{
	size_t all = view->snapshot->rows->maps_count;

	view->count = 0;
	view->maps = calloc(all + 1, sizeof(view->maps[0]));
	if (!view->maps)
		return -1;
	for (size_t i = 0; i < all; i++)
		if (is_for(view, &view->snapshot->maps[i]))
			view->maps[view->count++] = &view->snapshot->maps[i];
	return 0;
}

static bool
is_judged(const struct model_snapshot *snapshot, const char *label)
{
	return snapshot->is_complete && (!label || strcmp(snapshot->rows->info.label, label) == 0);
}

struct baseline *
limits_use_baseline(struct limits *limits, struct model *old)
{
	struct view view = {.model = old, .limits = limits, .snapshot = old->judged};
	struct baseline *baseline = NULL;

	if (choose_maps(&view) == 0)
		baseline = baseline_build(old, view.maps, view.count);
	free(view.maps);
	limits->baseline = baseline;
	limits->baseline_unexplained = 0;
	for (uint32_t i = 0; i < old->snapshot_count; i++) {
		const struct model_snapshot *snapshot = &old->snapshots[i];

		if (is_judged(snapshot, limits->snapshot) &&
		    snapshot->unexplained > limits->baseline_unexplained)
			limits->baseline_unexplained = snapshot->unexplained;
	}
	return baseline;
}

/* Measures one snapshot; `first` fills the findings, later ones replace what they outdo. */
static size_t
judge_snapshot(const struct view *view, struct limits_finding *findings, bool is_first)
{
	size_t count = 0;

	for (int kind = 0; kind < LIMITS_KINDS; kind++) {
		struct limits_finding finding;

		if (!view->limits->is_set[kind])
			continue;
		finding = measure(view, (enum limits_kind)kind);
		if (is_first || outdoes(&finding, &findings[count]))
			findings[count] = finding;
		count++;
	}
	return count;
}

size_t
limits_judge(struct model *model, const struct limits *limits,
	     struct limits_finding findings[LIMITS_KINDS])
{
	struct view view = {.model = model, .limits = limits};
	size_t count = 0;

	for (uint32_t i = 0; i < model->snapshot_count; i++) {
		view.snapshot = &model->snapshots[i];
		if (!is_judged(view.snapshot, limits->snapshot))
			continue;
		if (choose_maps(&view) < 0)
			return 0;
		count = judge_snapshot(&view, findings, count == 0);
		free(view.maps);
	}
	return count;
}
