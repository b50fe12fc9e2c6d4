/*
 * What maps need, and what they hold beyond it.
 *
 *     held     = buckets + old buckets + overflow
 *     retained = held - max(needed, what the map's own shrink rule lets it keep), never below 0
 *
 * Where needed is a range retained is one too, and the lower end is what reports and limits count:
 * nobody is told to fix what may be no fault. Room asked for in advance and never filled is no
 * retention; it takes evidence to call it filled, and then it counts like any other.
 */
#include "analyzer/retained.h"

#include "analyzer/explain.h"

#include <stdlib.h>
#include <string.h>

static uint64_t
known(uint64_t bytes)
{
	return bytes == TRACE_UNKNOWN ? 0 : bytes;
}

static uint64_t
larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void
retained_map(struct model_map *map)
{
	const struct trace_map *row = map->row;
	uint64_t kept = known(row->kept_by_rule);

	map->held = model_add(model_add(known(row->bucket_bytes), known(row->old_bucket_bytes)),
			      known(row->overflow_bytes));
	map->is_growing = row->flags & TRACE_MAP_GROWING;
	map->is_estimate = row->flags & TRACE_MAP_NEEDED_ESTIMATE;
	map->needed_low = row->needed_low;
	map->needed_high = row->needed_high;
	if (row->needed_low == TRACE_UNKNOWN || row->needed_high == TRACE_UNKNOWN ||
	    row->needed_low > row->needed_high) {
		map->needed_low = map->needed_high = TRACE_UNKNOWN;
		map->retained = map->retained_high = TRACE_UNKNOWN;
		map->remark = "its profile has no rule for what it needs";
		return;
	}
	map->is_estimate |= row->needed_low != row->needed_high;
	map->retained = model_less(map->held, larger(map->needed_high, kept));
	map->retained_high = model_less(map->held, larger(map->needed_low, kept));
	if (kept > map->needed_high && map->held > map->needed_high)
		map->remark = "its own rule lets it keep this until more entries go";
}

/* What is known of a profile's nodes, to tell whether entries were ever removed. */
struct node_stacks {
	uint32_t *profile; /* [stack_count]: whose nodes this stack allocates, or TRACE_NONE */
	uint64_t *removed; /* [profile_count]: blocks freed by then, for the present snapshot */
};

static void
node_stacks_close(struct node_stacks *nodes)
{
	free(nodes->profile);
	free(nodes->removed);
}

static int
node_stacks_open(struct node_stacks *nodes, const struct trace *trace)
{
	nodes->profile = calloc((size_t)trace->stack_count + 1, sizeof *nodes->profile);
	nodes->removed = calloc((size_t)trace->profile_count + 1, sizeof *nodes->removed);
	if (!nodes->profile || !nodes->removed) {
		node_stacks_close(nodes);
		return -1;
	}
	for (uint32_t i = 0; i < trace->stack_count; i++)
		nodes->profile[i] =
		    trace->stacks[i].role == TRACE_OVERFLOW ? trace->stacks[i].profile : TRACE_NONE;
	for (uint32_t s = 0; s < trace->snapshot_count; s++) {
		const struct trace_snapshot_rows *rows = &trace->snapshots[s];

		for (uint32_t i = 0; i < rows->claims_count; i++)
			if (rows->claims[i].role == TRACE_OVERFLOW &&
			    rows->claims[i].stack < trace->stack_count &&
			    trace->stacks[rows->claims[i].stack].role != TRACE_BUCKETS)
				nodes->profile[rows->claims[i].stack] = rows->claims[i].profile;
	}
	return 0;
}

/* Blocks of nodes that were allocated in all and are not live in this snapshot. Counters are of the
 * last event, so nodes allocated after the snapshot count as removed too: an error to the side of
 * retained. */
static void
count_removed(struct node_stacks *nodes, const struct trace *trace, const struct account *accounts)
{
	memset(nodes->removed, 0, ((size_t)trace->profile_count + 1) * sizeof *nodes->removed);
	for (uint32_t i = 0; i < trace->stack_count; i++) {
		uint32_t profile = nodes->profile[i];

		if (profile < trace->profile_count)
			nodes->removed[profile] = model_add(
			    nodes->removed[profile],
			    model_less(trace->stacks[i].total_blocks, accounts[i].blocks));
	}
}

/* Whether this map held more entries in an earlier snapshot, in the same array. */
static bool
had_more(const struct model *model, const struct model_map *map)
{
	for (uint32_t s = 0; s < map->snapshot->index; s++) {
		const struct model_map *before =
		    model_find(&model->snapshots[s], map->row->address, map->profile_name);

		if (before && before->row->array == map->row->array &&
		    known(before->row->count) > known(map->row->count))
			return true;
	}
	return false;
}

/* Had it been filled to more than half, an array of half the size would not have done. So entries
 * that would fill half of it must have been seen, here or removed. */
static bool
was_filled(const struct model *model, const struct model_map *map, const struct node_stacks *nodes)
{
	uint32_t profile = map->row->profile;
	uint64_t seen = known(map->row->count);

	if (known(map->row->tombstones) > 0 || had_more(model, map))
		return true;
	if (profile >= model->trace->profile_count || nodes->removed[profile] == 0)
		return false;
	return model_add(seen, nodes->removed[profile]) > known(map->row->capacity) / 2;
}

static void
settle_reserve(const struct model *model, struct model_map *map, const struct node_stacks *nodes)
{
	const struct trace *trace = model->trace;

	if (map->row->stack >= trace->stack_count || map->retained == TRACE_UNKNOWN ||
	    map->retained_high == 0 ||
	    !(trace->stacks[map->row->stack].flags & TRACE_STACK_RESERVED))
		return;
	if (was_filled(model, map, nodes)) {
		map->reserve = MODEL_RESERVED_FILLED;
		map->remark =
		    "its room was asked for in advance, was or may have been filled, and is "
		    "not needed now";
		return;
	}
	map->reserve = MODEL_RESERVED;
	map->remark = "its room was asked for in advance and nothing shows that it was ever filled";
	map->reserved = map->retained_high;
	map->retained = map->retained_high = 0;
}

static void
add_to(uint64_t *sum, uint64_t bytes)
{
	*sum = model_add(*sum, known(bytes));
}

static void
sum_map(struct model_totals *totals, const struct model_map *map)
{
	const struct trace_map *row = map->row;

	totals->maps++;
	add_to(&totals->count, row->count);
	add_to(&totals->held, map->held);
	add_to(&totals->buckets, row->bucket_bytes);
	add_to(&totals->old_buckets, row->old_bucket_bytes);
	add_to(&totals->overflow, row->overflow_bytes);
	add_to(&totals->values, row->value_bytes);
	add_to(&totals->headers, row->header_bytes);
	if (map->retained == TRACE_UNKNOWN) {
		totals->unknown_maps++;
		add_to(&totals->unknown_held, map->held);
		return;
	}
	add_to(&totals->needed_low, map->needed_low);
	add_to(&totals->needed_high, map->needed_high);
	add_to(&totals->retained, map->retained);
	add_to(&totals->retained_high, map->retained_high);
	add_to(&totals->reserved, map->reserved);
	totals->is_estimate |= map->is_estimate;
}

struct model_totals
model_sum(const struct model_map *const *maps, size_t count)
{
	struct model_totals totals = {0};

	for (size_t i = 0; i < count; i++)
		sum_map(&totals, maps[i]);
	return totals;
}

static int
settle_snapshot(struct model *model, struct model_snapshot *snapshot, struct node_stacks *nodes,
		struct explain *explain)
{
	struct account *accounts = account_open(model->trace, snapshot->rows);

	if (!accounts)
		return -1;
	count_removed(nodes, model->trace, accounts);
	for (uint32_t i = 0; i < snapshot->rows->maps_count; i++) {
		settle_reserve(model, &snapshot->maps[i], nodes);
		sum_map(&snapshot->totals, &snapshot->maps[i]);
	}
	explain_snapshot(explain, model, snapshot, accounts);
	return 0;
}

int
retained_settle(struct model *model)
{
	struct explain explain = {0};
	struct node_stacks nodes;
	int result = 0;

	if (node_stacks_open(&nodes, model->trace))
		return -1;
	for (uint32_t s = model->snapshot_count; s-- > 0 && result == 0;)
		result = settle_snapshot(model, &model->snapshots[s], &nodes, &explain);
	explain_close(&explain);
	node_stacks_close(&nodes);
	return result;
}
