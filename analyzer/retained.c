/*
 * What maps need, and what they hold beyond it.
 *
 *     held     = buckets + old buckets + overflow
 *     retained = held - max(needed, what the map's own shrink rule lets it keep), never below 0
 *
 * Where needed is a range retained is one too, and the lower end is what reports and limits count:
 * nobody is told to fix what may be no fault. Room asked for in advance: reserve.c.
 */
#include "analyzer/retained.h"

#include "analyzer/explain.h"
#include "analyzer/reserve.h"

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

static void
add_to(uint64_t *sum, uint64_t bytes)
{
	*sum = model_add(*sum, known(bytes));
}

static void
raise_to(uint64_t *most, uint64_t value)
{
	*most = value > *most ? value : *most;
}

static void
sum_map(struct model_totals *totals, const struct model_map *map)
{
	const struct trace_map *row = map->row;

	totals->maps++;
	add_to(&totals->count, row->count);
	add_to(&totals->capacity, row->capacity);
	add_to(&totals->held, map->held);
	add_to(&totals->buckets, row->bucket_bytes);
	add_to(&totals->old_buckets, row->old_bucket_bytes);
	add_to(&totals->overflow, row->overflow_bytes);
	add_to(&totals->values, row->value_bytes);
	totals->unknown_values_maps += row->value_bytes == TRACE_UNKNOWN;
	add_to(&totals->headers, row->header_bytes);
	add_to(&totals->resident, row->resident_bytes);
	totals->resident_maps += row->resident_bytes != TRACE_UNKNOWN;
	if (row->longest_chain != TRACE_UNKNOWN) {
		totals->chained_maps++;
		raise_to(&totals->longest_chain, row->longest_chain);
	}
	if (row->longest_probe != TRACE_UNKNOWN) {
		totals->probed_maps++;
		raise_to(&totals->longest_probe, row->longest_probe);
	}
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
	add_to(&totals->unknown_cause, map->unknown_cause);
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

void
model_add_totals(struct model_totals *sum, const struct model_totals *more)
{
	sum->maps += more->maps;
	sum->unknown_maps += more->unknown_maps;
	sum->unknown_values_maps += more->unknown_values_maps;
	sum->is_estimate |= more->is_estimate;
	add_to(&sum->count, more->count);
	add_to(&sum->capacity, more->capacity);
	add_to(&sum->held, more->held);
	add_to(&sum->needed_low, more->needed_low);
	add_to(&sum->needed_high, more->needed_high);
	add_to(&sum->retained, more->retained);
	add_to(&sum->retained_high, more->retained_high);
	add_to(&sum->reserved, more->reserved);
	add_to(&sum->unknown_cause, more->unknown_cause);
	add_to(&sum->buckets, more->buckets);
	add_to(&sum->old_buckets, more->old_buckets);
	add_to(&sum->overflow, more->overflow);
	add_to(&sum->values, more->values);
	add_to(&sum->headers, more->headers);
	add_to(&sum->resident, more->resident);
	sum->resident_maps += more->resident_maps;
	sum->chained_maps += more->chained_maps;
	raise_to(&sum->longest_chain, more->longest_chain);
	sum->probed_maps += more->probed_maps;
	raise_to(&sum->longest_probe, more->longest_probe);
	add_to(&sum->unknown_held, more->unknown_held);
}

static int
settle_snapshot(struct model *model, struct model_snapshot *snapshot, struct explain *explain)
{
	struct accounts accounts;

	if (accounts_open(&accounts, model->trace, snapshot->rows, ACCOUNT_OF_MAPS)) {
		accounts_close(&accounts);
		return -1;
	}
	for (uint32_t i = 0; i < snapshot->rows->maps_count; i++)
		sum_map(&snapshot->totals, &snapshot->maps[i]);
	explain_snapshot(explain, model, snapshot, &accounts);
	return 0;
}

int
retained_settle(struct model *model)
{
	struct explain explain = {0};
	int result = reserve_settle(model);

	for (uint32_t s = model->snapshot_count; s-- > 0 && result == 0;)
		result = settle_snapshot(model, &model->snapshots[s], &explain);
	explain_close(&explain);
	return result;
}
