/*
 * Limits: the gate's arithmetic. Called by check.c with one trace at a time.
 *
 * Every judged snapshot is measured against every limit, and the worst finding of each limit stays:
 * a trace passes only if it would have passed at each of these moments.
 */
#include "analyzer/limits.h"
#include "analyzer/accepted.h"
#include "analyzer/baseline.h"
#include "analyzer/limits_measure.h"
#include "analyzer/unexplained.h"

#include <stdlib.h>
#include <string.h>

const char *
limits_name(enum limits_kind kind)
{
	static const char *const names[LIMITS_KINDS] = {
	    [LIMITS_RETAINED] = "retained", [LIMITS_PER_MAP] = "retained-per-map",
	    [LIMITS_FILL] = "fill",         [LIMITS_BUCKETS] = "buckets",
	    [LIMITS_GROWTH] = "growth",     [LIMITS_CAUSE] = "unknown-cause",
	};

	return names[kind];
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
is_for_profile(const struct limits *limits, const char *name)
{
	return !limits->profile || accepted_glob_matches(limits->profile, name);
}

static bool
is_for_map(const struct limits_view *view, const struct model_map *map)
{
	const struct limits *limits = view->limits;

	return is_for_profile(limits, map->profile_name) &&
	       !(limits->leaves_out && limits->leaves_out(limits->context, view->model, map));
}

static bool
is_for_stack(void *context, uint32_t stack)
{
	const struct limits_view *view = context;
	const struct limits *limits = view->limits;
	const struct trace *trace = view->model->trace;
	uint32_t profile = trace->stacks[stack].profile;

	if (profile == TRACE_NONE)
		return true;
	if (!is_for_profile(limits, trace->profiles[profile].name))
		return false;
	return !(limits->leaves_out_stack &&
		 limits->leaves_out_stack(limits->context, view->model, stack));
}

/* Arrays of maps that were being changed: proved in size, with entries that nobody could count. A
 * later snapshot shows what became of them; where there is none, or the user asked for this one,
 * they may be empty. */
static uint64_t
busy_bytes(const struct limits_view *view)
{
	const struct trace_snapshot_rows *rows = view->snapshot->rows;
	const struct trace_profile *profiles = view->model->trace->profiles;
	uint64_t sum = 0;

	if (!view->limits->snapshot && view->snapshot != model_last(view->model))
		return 0;
	for (uint32_t i = 0; i < rows->refused_count; i++)
		if (rows->refused[i].reason == TRACE_REFUSED_BUSY &&
		    is_for_profile(view->limits, profiles[rows->refused[i].profile].name))
			sum = model_add(sum, rows->refused[i].bytes);
	return sum;
}

/* Of all stacks, or where the user leaves maps out, of the others. A busy array may be told by its
 * stack and by its refusal: what could be is rather counted twice than not at all. */
static uint64_t
unexplained(struct limits_view *view)
{
	uint64_t by_stack = view->snapshot->unexplained;

	if (by_stack && (view->limits->profile || view->limits->leaves_out))
		by_stack = unexplained_bytes(view->model, view->snapshot, is_for_stack, view);
	return model_add(by_stack, busy_bytes(view));
}

/* Fills the view of view->snapshot. -1: no memory. */
static int
open_view(struct limits_view *view)
{
	size_t all = view->snapshot->rows->maps_count;

	view->count = 0;
	view->unexplained = unexplained(view);
	view->maps = calloc(all + 1, sizeof(view->maps[0]));
	if (!view->maps)
		return -1;
	for (size_t i = 0; i < all; i++)
		if (is_for_map(view, &view->snapshot->maps[i]))
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
	struct limits_view view = {.model = old, .limits = limits, .snapshot = old->judged};
	struct baseline *baseline = NULL;

	if (open_view(&view) == 0)
		baseline = baseline_build(old, view.maps, view.count);
	free(view.maps);
	limits->baseline = baseline;
	limits->baseline_unexplained = 0;
	for (uint32_t i = 0; i < old->snapshot_count; i++) {
		uint64_t bytes;

		view.snapshot = &old->snapshots[i];
		if (!is_judged(view.snapshot, limits->snapshot))
			continue;
		bytes = unexplained(&view);
		if (bytes > limits->baseline_unexplained)
			limits->baseline_unexplained = bytes;
	}
	return baseline;
}

/* Measures one snapshot; `first` fills the findings, later ones replace what they outdo. */
static size_t
judge_snapshot(const struct limits_view *view, struct limits_finding *findings, bool is_first)
{
	size_t count = 0;

	for (int kind = 0; kind < LIMITS_KINDS; kind++) {
		struct limits_finding finding;

		if (!view->limits->is_set[kind])
			continue;
		finding = limits_measure(view, (enum limits_kind)kind);
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
	struct limits_view view = {.model = model, .limits = limits};
	size_t count = 0;

	for (uint32_t i = 0; i < model->snapshot_count; i++) {
		view.snapshot = &model->snapshots[i];
		if (!is_judged(view.snapshot, limits->snapshot))
			continue;
		if (open_view(&view) < 0)
			return 0;
		count = judge_snapshot(&view, findings, count == 0);
		free(view.maps);
	}
	return count;
}
