/*
 * Why a map has room that it does not need: deletion, or reserve, with_capacity, a hint. Called by
 * retained.c for all snapshots at once, in their order, since what a map held earlier shows that
 * its room was used.
 *
 *     the array's stack         entries seen to go      nothing seen to go
 *     asks in advance           retained                reserved, not retained
 *     grows as entries come     retained                retained: they must have gone
 *     has no name (stripped)    retained                retained, of unknown cause
 *
 * Never filled it is no retention; it takes evidence to call it filled, and then it counts like any
 * other. The rule that must not break: in doubt it counts, for a gate must not pass what may be
 * waste.
 */
#include "analyzer/reserve.h"

#include "analyzer/account.h"

#include <stdlib.h>
#include <string.h>

static uint64_t
known(uint64_t bytes)
{
	return bytes == TRACE_UNKNOWN ? 0 : bytes;
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
count_removed(struct node_stacks *nodes, const struct trace *trace, const struct accounts *accounts)
{
	memset(nodes->removed, 0, ((size_t)trace->profile_count + 1) * sizeof *nodes->removed);
	for (uint32_t i = 0; i < trace->stack_count; i++) {
		uint32_t profile = nodes->profile[i];

		if (profile < trace->profile_count)
			nodes->removed[profile] = model_add(
			    nodes->removed[profile],
			    model_less(trace->counts[i].total_blocks,
				       accounts_find(accounts, i)->blocks));
	}
}

/* The most entries that an array in doubt was seen to hold so far. */
struct sighting {
	const struct model_map *map; /* one that has its address, profile and array */
	uint64_t most;
};

/* All arrays seen so far, in the order of struct model_snapshot.by_address. */
struct sightings {
	struct sighting *list;
	size_t count;
};

/* Had it been filled to more than half, an array of half the size would not have done. So entries
 * that would fill half of it must have been seen, here or removed. */
static bool
was_filled(const struct trace *trace, const struct model_map *map, const struct node_stacks *nodes,
	   uint64_t most)
{
	uint32_t profile = map->row->profile;
	uint64_t seen = known(map->row->count);

	if (map->row->flags & TRACE_MAP_EMPTIED || known(map->row->tombstones) > 0 || most > seen)
		return true;
	if (profile >= trace->profile_count || nodes->removed[profile] == 0)
		return false;
	return model_add(seen, nodes->removed[profile]) > known(map->row->capacity) / 2;
}

static bool
is_reserved(const struct trace *trace, const struct model_map *map)
{
	return map->row->stack < trace->stack_count &&
	       trace->stacks[map->row->stack].flags & TRACE_STACK_RESERVED;
}

/* Whether no rule names the code that allocated its array: stripped or inlined. */
static bool
is_nameless(const struct trace *trace, const struct model_map *map)
{
	return map->row->stack >= trace->stack_count ||
	       trace->stacks[map->row->stack].role != TRACE_BUCKETS;
}

static bool
is_doubtful(const struct trace *trace, const struct model_map *map)
{
	return is_reserved(trace, map) || is_nameless(trace, map);
}

/* `most`: entries that its array was seen to hold before. */
static void
settle_nameless(const struct trace *trace, struct model_map *map, const struct node_stacks *nodes,
		uint64_t most)
{
	if (map->retained == TRACE_UNKNOWN || map->retained == 0 ||
	    was_filled(trace, map, nodes, most))
		return;
	map->unknown_cause = map->retained;
	if (!map->remark)
		map->remark = map->told_type
		    ? "nothing shows whether entries were deleted or its room was asked for in "
		      "advance: its cells keep no trace of entries that would have filled it"
		    : "nothing shows whether entries were deleted or its room was asked for in "
		      "advance: the program itself has no symbol for the code that allocated it";
}

static void
settle_reserved(const struct trace *trace, struct model_map *map, const struct node_stacks *nodes,
	   uint64_t most)
{
	if (map->retained == TRACE_UNKNOWN || map->retained_high == 0)
		return;
	if (was_filled(trace, map, nodes, most)) {
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

/* Settles the maps of one snapshot and merges what they hold into what was seen. */
static int
settle_snapshot(const struct model *model, struct model_snapshot *snapshot,
		const struct node_stacks *nodes, struct sightings *seen)
{
	size_t room = seen->count + snapshot->rows->maps_count, at = 0;
	struct sightings merged = {calloc(room + 1, sizeof *merged.list), 0};

	if (!merged.list)
		return -1;
	for (uint32_t i = 0; i < snapshot->rows->maps_count; i++) {
		struct model_map *map = &snapshot->maps[snapshot->by_address[i] - snapshot->maps];
		uint64_t most = 0, count = known(map->row->count);

		if (!is_doubtful(model->trace, map))
			continue;
		while (at < seen->count && model_compare_identity(seen->list[at].map, map) < 0)
			merged.list[merged.count++] = seen->list[at++];
		if (at < seen->count && model_compare_identity(seen->list[at].map, map) == 0)
			most = seen->list[at++].most;
		if (is_reserved(model->trace, map))
			settle_reserved(model->trace, map, nodes, most);
		else
			settle_nameless(model->trace, map, nodes, most);
		merged.list[merged.count++] = (struct sighting){map, most > count ? most : count};
	}
	while (at < seen->count)
		merged.list[merged.count++] = seen->list[at++];
	free(seen->list);
	*seen = merged;
	return 0;
}

static bool
is_any_doubtful(const struct model *model)
{
	for (uint32_t s = 0; s < model->snapshot_count; s++)
		for (uint32_t i = 0; i < model->snapshots[s].rows->maps_count; i++)
			if (is_doubtful(model->trace, &model->snapshots[s].maps[i]))
				return true;
	return false;
}

int
reserve_settle(struct model *model)
{
	struct sightings seen = {0};
	struct node_stacks nodes;
	int result = 0;

	if (!is_any_doubtful(model))
		return 0;
	if (node_stacks_open(&nodes, model->trace))
		return -1;
	for (uint32_t s = 0; s < model->snapshot_count && result == 0; s++) {
		struct model_snapshot *snapshot = &model->snapshots[s];
		struct accounts accounts;

		result = accounts_open(&accounts, model->trace, snapshot->rows, ACCOUNT_ALL);
		if (result == 0) {
			count_removed(&nodes, model->trace, &accounts);
			result = settle_snapshot(model, snapshot, &nodes, &seen);
		}
		accounts_close(&accounts);
	}
	free(seen.list);
	node_stacks_close(&nodes);
	return result;
}
