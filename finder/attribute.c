/*
 * Maps and what they own; see attribute.h. What a profile does not state, or cannot say of this map
 * at this moment, is TRACE_UNKNOWN in its row, never a guess.
 */
#include "finder/attribute.h"

#include "finder/parted.h"
#include "finder/parts.h"
#include "finder/probes.h"

enum {
	PAGE = 4096,
	AHEAD = 16, /* values by which their blocks are asked for early */
};

static bool
evaluate(struct finder *finder, struct profile_expression expression, uint64_t *out)
{
	return expression.length &&
	       profile_evaluate_unsigned(finder->proof.profile, expression, &finder->scope,
	                                 &finder->view, out);
}

/* What is not stated, or cannot be evaluated now, is not known. */
static uint64_t
known_or(struct finder *finder, struct profile_expression expression, uint64_t otherwise)
{
	uint64_t value;
	return evaluate(finder, expression, &value) ? value : otherwise;
}

static void
count_part(struct trace_map *map, const struct part *part, const struct finder_block *block)
{
	switch (part->kind) {
	case PROFILE_PART_HEADER:
		map->header_bytes += part->bytes;
		break;
	case PROFILE_PART_BUCKETS:
		map->bucket_bytes += part->bytes;
		if (!map->array) {
			map->array = block->base;
			map->stack = block->stack;
		}
		break;
	case PROFILE_PART_OLD:
		map->old_bucket_bytes += part->bytes;
		break;
	case PROFILE_PART_RESERVED:
		map->overflow_reserved_bytes += part->bytes;
		map->overflow_bytes += part->bytes;
		break;
	case PROFILE_PART_OVERFLOW:
		map->overflow_bytes += part->bytes;
		map->overflow_blocks += part->bytes != 0;
		break;
	case PROFILE_PART_VALUES:
		map->value_bytes += part->bytes;
		map->value_blocks += part->bytes != 0;
		break;
	}
}

static uint64_t
resident_of(struct finder *finder, uint32_t block)
{
	const struct finder_block *at = &finder->blocks.at[block];
	if (at->size < PAGE)
		return at->size;
	return memory_resident(finder->memory, at->base, at->size);
}

/* Of the claims that the map in proof made on buckets and overflow. A block with two roles is asked
 * once for each: its share is cut to the claim. */
static uint64_t
resident_bytes(struct finder *finder)
{
	const struct finder_claim *claims = finder->claims.at;
	uint64_t resident = 0;
	for (size_t i = finder->proof.claims_before; i < finder->claims.count; i++) {
		if (claims[i].role != TRACE_BUCKETS && claims[i].role != TRACE_OVERFLOW)
			continue;
		const struct finder_block *block = &finder->blocks.at[claims[i].block];
		if (claims[i].bytes == block->size)
			resident += resident_of(finder, claims[i].block);
		else if (claims[i].bytes < PAGE)
			resident += claims[i].bytes;
		else if (claims[i].role == TRACE_BUCKETS)
			resident += memory_resident(finder->memory, block->base, claims[i].bytes);
		else
			resident += memory_resident(finder->memory,
			    block->base + (block->size - claims[i].bytes), claims[i].bytes);
	}
	return resident;
}

static void
fill_place(const struct finder *finder, struct trace_map *map)
{
	const struct candidate *candidate = finder->proof.candidate;
	map->where = candidate->where;
	map->where_module = TRACE_NONE;
	map->where_stack = TRACE_NONE;
	uint32_t block = blocks_holding(&finder->blocks, candidate->header);
	if (candidate->where == TRACE_WHERE_BLOCK && block != BLOCKS_NONE) {
		map->where_base = finder->blocks.at[block].base;
		map->where_stack = finder->blocks.at[block].stack;
		return;
	}
	const struct memory_region *region =
	    memory_region_of(finder->memory, candidate->header, 1);
	if (region) {
		map->where_base = region->start;
		map->where_module = region->module;
	}
}

static void
set_integer(struct finder *finder, enum profile_fixed_name name, uint64_t value)
{
	finder->scope.values[name] = (struct profile_value){.integer = (int64_t)value};
	finder->scope.known[name] = 1;
}

static void
fill_count(struct finder *finder, struct trace_map *map)
{
	const struct profile_value *count = &finder->scope.values[PROFILE_NAME_COUNT];
	map->count = TRACE_UNKNOWN;
	if (!finder->scope.known[PROFILE_NAME_COUNT] || count->integer < 0)
		return;
	map->count = (uint64_t)count->integer;
	if (finder->proof.is_raised) {
		map->count -= map->count > 0;
		map->flags |= TRACE_MAP_MID_ERASE;
		set_integer(finder, PROFILE_NAME_COUNT, map->count);
	}
}

static bool
has_chains(const struct profile_walk *walk)
{
	return !walk->is_chain && (walk->from.length || walk->next.length || walk->entries.length);
}

/* Over all tables of the map in proof: while it grows there are two. */
static void
fill_chains(struct finder *finder, struct trace_map *map)
{
	const struct profile *profile = finder->proof.profile;
	uint64_t used = 0, longest = 0;
	bool is_seen = false;
	for (size_t i = 0; i < profile->walk_count; i++) {
		const struct profile_census *census = &finder->scope.walks[i];
		if (!has_chains(&profile->walks[i]) && !parted_measure(finder, i))
			continue;
		is_seen = true;
		used += census->used_slots;
		if (census->deepest_slot > longest)
			longest = census->deepest_slot;
	}
	map->used_buckets = is_seen ? used : known_or(finder, profile->used_buckets, TRACE_UNKNOWN);
	map->longest_chain = is_seen ? longest : TRACE_UNKNOWN;
}

/* Of all the tables that tell their searches; one that does not lead to its entry leaves nothing
 * known. */
static void
fill_probes(struct finder *finder, struct trace_map *map)
{
	const struct profile *profile = finder->proof.profile;
	struct probes probes = {0};
	bool is_seen = false;
	for (size_t i = 0; i < profile->walk_count; i++) {
		if (!profile->walks[i].home.length)
			continue;
		is_seen = probes_measure(finder, i, &probes);
		if (!is_seen)
			break;
	}
	map->probes = is_seen ? probes.all : TRACE_UNKNOWN;
	map->longest_probe = is_seen ? probes.longest : TRACE_UNKNOWN;
}

static bool
run_needed_steps(struct finder *finder)
{
	const struct profile *profile = finder->proof.profile;
	for (size_t i = 0; i < profile->needed_step_count; i++)
		if (!profile_run_step(profile, &profile->needed_steps[i], &finder->scope,
		                      &finder->view))
			return false;
	return true;
}

static void
fill_needed(struct finder *finder, struct trace_map *map)
{
	const struct profile *profile = finder->proof.profile;
	set_integer(finder, PROFILE_NAME_HELD,
	            map->bucket_bytes + map->old_bucket_bytes + map->overflow_bytes);
	map->needed_low = map->needed_high = TRACE_UNKNOWN;
	if (!run_needed_steps(finder))
		return;
	uint64_t low, high;
	if (evaluate(finder, profile->needed_low, &low) &&
	    evaluate(finder, profile->needed_high, &high)) {
		map->needed_low = low < high ? low : high;
		map->needed_high = low < high ? high : low;
		set_integer(finder, PROFILE_NAME_NEEDED, map->needed_high);
		if (profile->needed_is_estimate || low != high)
			map->flags |= TRACE_MAP_NEEDED_ESTIMATE;
	}
	map->kept_by_rule = known_or(finder, profile->keeps, 0);
}

static void
fill_remedies(struct finder *finder, struct trace_map *map)
{
	const struct profile *profile = finder->proof.profile;
	for (size_t i = 0; i < TRACE_REMEDIES_MAX; i++) {
		map->remedies[i].leaves = map->remedies[i].transient = TRACE_UNKNOWN;
		if (i >= profile->remedy_count)
			continue;
		const struct profile_remedy *remedy = &profile->remedies[i];
		if (remedy->when.length && known_or(finder, remedy->when, 0) == 0)
			continue;
		map->remedies[i].leaves = known_or(finder, remedy->leaves, TRACE_UNKNOWN);
		map->remedies[i].transient = known_or(finder, remedy->transient, TRACE_UNKNOWN);
	}
}

static void
fill_map(struct finder *finder, struct trace_map *map, const struct parts *parts)
{
	const struct proof *proof = &finder->proof;
	const struct finder_block *anchored = &finder->blocks.at[proof->candidate->block];
	map->address = proof->candidate->header;
	map->profile = finder->input->profile_ids[proof->candidate->profile];
	for (size_t i = 0; i < parts->count; i++)
		count_part(map, &parts->at[i], &finder->blocks.at[parts->at[i].block]);
	if (!map->array) {
		map->array = anchored->base;
		map->stack = anchored->stack;
	}
	map->overflow_bytes += proof->chained_bytes;
	map->overflow_blocks += proof->chained_blocks;
	map->resident_bytes = resident_bytes(finder);
	fill_place(finder, map);
	fill_count(finder, map);
	map->capacity = known_or(finder, proof->profile->capacity, TRACE_UNKNOWN);
	map->tombstones = known_or(finder, proof->profile->tombstones, TRACE_UNKNOWN);
	fill_chains(finder, map);
	fill_probes(finder, map);
	if (known_or(finder, proof->profile->growing, 0))
		map->flags |= TRACE_MAP_GROWING;
	if (known_or(finder, proof->profile->erasing, 0))
		map->flags |= TRACE_MAP_MID_ERASE;
	fill_needed(finder, map);
	fill_remedies(finder, map);
}

enum proof_result
attribute_map(struct finder *finder)
{
	struct parts parts;
	if (parts_evaluate(finder, &parts) != PROOF_TRUE)
		return PROOF_REFUSED;
	struct trace_map *map = array_add(&finder->maps, sizeof(*map), 1);
	if (!map || parts_claim(finder, &parts) != 0) {
		finder->is_out_of_memory = true;
		return PROOF_CUT;
	}
	fill_map(finder, map, &parts);
	return PROOF_TRUE;
}

void
attribute_undo(struct finder *finder)
{
	const struct finder_claim *claims = finder->claims.at;
	for (size_t i = finder->proof.claims_before; i < finder->claims.count; i++)
		finder->blocks.at[claims[i].block].map = TRACE_NONE;
	finder->claims.count = finder->proof.claims_before;
	finder->values.count = finder->proof.values_before;
}

int
attribute_values(struct finder *finder)
{
	const struct value *values = finder->values.at;
	struct trace_map *maps = finder->maps.at;
	for (size_t i = 0; i < finder->values.count; i++) {
		struct finder_block *block = &finder->blocks.at[values[i].block];
		if (i + AHEAD < finder->values.count)
			__builtin_prefetch(&finder->blocks.at[values[i + AHEAD].block], 1);
		if (block->map != TRACE_NONE)
			continue;
		struct finder_claim *claim = array_add(&finder->claims, sizeof(*claim), 1);
		if (!claim)
			return -1;
		*claim = (struct finder_claim){.block = values[i].block, .map = values[i].map,
		                               .role = TRACE_VALUES, .bytes = block->size};
		block->map = values[i].map;
		maps[values[i].map].value_bytes += block->size;
		maps[values[i].map].value_blocks++;
	}
	return 0;
}
