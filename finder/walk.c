/*
 * Walks; see walk.h. A table is an array of slots; from each slot hang further buckets of the same
 * layout (`next`) or a list of nodes (`from`, `next`). A chain is one list of nodes.
 *
 *     table   [ bucket | bucket | bucket | reserved ... ]      the array: one live block
 *                 |        +--> node --> node                  blocks of their own
 *                 +--> bucket --> bucket                       reserved ones, or blocks of their own
 *
 * What must never break: every pointer is untrusted. A bucket or node counts only where it lies in
 * a live block that nobody else owns, and every list ends: a block that was reached before, or more
 * nodes than there can be, refuse the candidate.
 */
#include "finder/walk.h"

#include "finder/values.h"

struct walk {
	struct finder *finder;
	struct proof *proof;
	const struct profile *profile;
	const struct profile_walk *text;
	struct profile_census *census;
	uint32_t *entries;    /* of each slot, or NULL */
	struct profile_expression outside[PROFILE_OUTSIDE_MAX]; /* of `text`, those that can name a block */
	size_t outside_count;
	uint64_t at, stride;  /* of the slots */
	uint64_t slots_end;
	const struct finder_block *array; /* block of the slots */
	uint64_t limit, nodes; /* most chained buckets or nodes, and how many so far */
};

static enum proof_result
refuse(struct walk *walk, enum trace_refusal reason)
{
	walk->proof->reason = (uint8_t)reason;
	walk->proof->line = walk->text->line;
	return PROOF_REFUSED;
}

static enum proof_result
out_of_memory(struct walk *walk)
{
	walk->finder->is_out_of_memory = true;
	return PROOF_CUT;
}

static bool
evaluate(struct walk *walk, struct profile_expression expression, uint64_t *out)
{
	struct finder *finder = walk->finder;
	return profile_evaluate_unsigned(walk->profile, expression, &finder->scope, &finder->view,
	                                 out);
}

static void
set_name(struct walk *walk, enum profile_fixed_name name, uint64_t value)
{
	struct profile_scope *scope = &walk->finder->scope;
	scope->values[name].is_real = false;
	scope->values[name].integer = (int64_t)value;
	scope->known[name] = 1;
}

/* Evaluates where the expression is present, else gives `otherwise`. */
static bool
evaluate_or(struct walk *walk, struct profile_expression expression, uint64_t otherwise,
            uint64_t *out)
{
	*out = otherwise;
	return expression.length == 0 || evaluate(walk, expression, out);
}

/* Counts an entry and notes its out-of-line keys and values, if there are any. */
static enum proof_result
note_entry(struct walk *walk)
{
	walk->census->live++;
	for (size_t i = 0; i < walk->outside_count; i++) {
		uint64_t address;
		if (evaluate(walk, walk->outside[i], &address) && address != 0 &&
		    values_note(walk->finder, address))
			return PROOF_CUT;
	}
	return PROOF_TRUE;
}

static void
measure_chained(struct walk *walk, const struct finder_block *block)
{
	struct proof *proof = walk->proof;
	walk->census->chained_blocks++;
	walk->census->chained_bytes += block->size;
	if (proof->node_size == 0)
		proof->node_size = block->size;
	else if (proof->node_size != block->size)
		proof->node_size = TRACE_UNKNOWN;
}

/* Claims a chained block for its map. */
static enum proof_result
claim(struct walk *walk, uint32_t index)
{
	struct finder *finder = walk->finder;
	struct finder_block *block = &finder->blocks.at[index];
	struct finder_claim *row = array_add(&finder->claims, sizeof(*row), 1);
	if (!row)
		return out_of_memory(walk);
	*row = (struct finder_claim){.block = index, .map = walk->proof->map,
	                             .role = walk->text->role, .bytes = block->size};
	block->map = walk->proof->map;
	measure_chained(walk, block);
	return PROOF_TRUE;
}

/* Takes the block of a chained bucket or node. Blocks of role `values` may belong to many maps and
 * are settled at the end; any other belongs to one. */
static enum proof_result
take_block(struct walk *walk, uint64_t node)
{
	struct finder *finder = walk->finder;
	bool is_start = walk->text->block.length == 0;
	uint64_t address = node, size;
	if (!is_start && !evaluate(walk, walk->text->block, &address))
		return refuse(walk, TRACE_REFUSED_WALK);
	uint32_t index = is_start ? blocks_at(&finder->blocks, address)
	                          : blocks_holding(&finder->blocks, address);
	if (index == BLOCKS_NONE)
		return refuse(walk, TRACE_REFUSED_WALK);
	const struct finder_block *block = &finder->blocks.at[index];
	if (!evaluate_or(walk, walk->text->size, block->size, &size) || size != block->size)
		return refuse(walk, TRACE_REFUSED_WALK);
	if (walk->text->role == PROFILE_VALUES) {
		struct value *value = array_add(&finder->values, sizeof(*value), 1);
		if (!value)
			return out_of_memory(walk);
		*value = (struct value){.block = index, .map = walk->proof->map};
		measure_chained(walk, block);
		return PROOF_TRUE;
	}
	if (block->map == TRACE_NONE)
		return claim(walk, index);
	if (block->map != walk->proof->map)
		return refuse(walk, TRACE_REFUSED_CLAIMED);
	return is_start ? refuse(walk, TRACE_REFUSED_WALK) : PROOF_TRUE;
}

/* One more chained bucket or node; false: more than there can be. */
static enum proof_result
count_node(struct walk *walk)
{
	if (walk->nodes++ >= walk->limit)
		return refuse(walk, TRACE_REFUSED_WALK);
	return finder_is_late(walk->finder) ? PROOF_CUT : PROOF_TRUE;
}

/* The list of nodes that begins at `from` for the present bucket and index. */
static enum proof_result
walk_list(struct walk *walk)
{
	uint64_t node, end;
	if (!evaluate(walk, walk->text->from, &node))
		return refuse(walk, TRACE_REFUSED_WALK);
	for (;;) {
		set_name(walk, PROFILE_NAME_NODE, node);
		if (node == 0)
			return PROOF_TRUE;
		if (!evaluate_or(walk, walk->text->end, 0, &end))
			return refuse(walk, TRACE_REFUSED_WALK);
		if (node == end)
			return PROOF_TRUE;
		enum proof_result result = count_node(walk);
		if (result == PROOF_TRUE)
			result = take_block(walk, node);
		if (result == PROOF_TRUE)
			result = note_entry(walk);
		if (result != PROOF_TRUE)
			return result;
		if (walk->text->next.length == 0)
			return PROOF_TRUE;
		if (!evaluate(walk, walk->text->next, &node))
			return refuse(walk, TRACE_REFUSED_WALK);
	}
}

/* Entries that the present bucket states by itself, or holds in its cells. */
static enum proof_result
count_cells(struct walk *walk)
{
	uint64_t is_set, stated;
	if (walk->text->entries.length) {
		if (!evaluate(walk, walk->text->entries, &stated) ||
		    __builtin_add_overflow(walk->census->live, stated, &walk->census->live))
			return refuse(walk, TRACE_REFUSED_WALK);
		return PROOF_TRUE;
	}
	for (uint32_t cell = 0; cell < walk->census->cells; cell++) {
		set_name(walk, PROFILE_NAME_CELL, cell);
		if (!evaluate_or(walk, walk->text->live, 0, &is_set))
			return refuse(walk, TRACE_REFUSED_WALK);
		if (is_set) {
			enum proof_result result = note_entry(walk);
			if (result != PROOF_TRUE)
				return result;
			continue;
		}
		if (!evaluate_or(walk, walk->text->dead, 0, &is_set))
			return refuse(walk, TRACE_REFUSED_WALK);
		walk->census->dead += is_set != 0;
	}
	return PROOF_TRUE;
}

/* Whether the whole bucket lies in the array's block, outside the main slots. */
static bool
is_reserved(const struct walk *walk, uint64_t bucket)
{
	const struct finder_block *array = walk->array;
	if (bucket < walk->slots_end || bucket - array->base >= array->size)
		return false;
	return walk->stride <= array->size - (bucket - array->base);
}

static bool
is_in_array(const struct walk *walk, uint64_t bucket)
{
	return bucket - walk->array->base < walk->array->size;
}

/* The bucket of a slot and those chained to it. */
static enum proof_result
walk_bucket(struct walk *walk, uint64_t bucket)
{
	for (;;) {
		set_name(walk, PROFILE_NAME_BUCKET, bucket);
		enum proof_result result = count_cells(walk);
		if (result != PROOF_TRUE || walk->text->next.length == 0)
			return result;
		if (!evaluate(walk, walk->text->next, &bucket))
			return refuse(walk, TRACE_REFUSED_WALK);
		if (bucket == 0)
			return PROOF_TRUE;
		result = count_node(walk);
		if (result == PROOF_TRUE && is_in_array(walk, bucket)) {
			if (!is_reserved(walk, bucket))
				result = refuse(walk, TRACE_REFUSED_WALK);
		} else if (result == PROOF_TRUE) {
			set_name(walk, PROFILE_NAME_BUCKET, bucket);
			result = take_block(walk, bucket);
		}
		if (result != PROOF_TRUE)
			return result;
	}
}

static enum proof_result
walk_slots(struct walk *walk)
{
	for (uint64_t index = 0; index < walk->census->slots; index++) {
		uint64_t before = walk->census->live;
		uint64_t bucket = walk->at + index * walk->stride;
		if (finder_is_late(walk->finder))
			return PROOF_CUT;
		set_name(walk, PROFILE_NAME_INDEX, index);
		set_name(walk, PROFILE_NAME_BUCKET, bucket);
		enum proof_result result = walk->text->from.length ? walk_list(walk)
		                                                   : walk_bucket(walk, bucket);
		if (result != PROOF_TRUE)
			return result;
		uint64_t entries = walk->census->live - before;
		if (entries && walk->entries)
			walk->entries[index] = entries < UINT32_MAX ? (uint32_t)entries : UINT32_MAX;
	}
	return PROOF_TRUE;
}

/* The longest list that the guest's live blocks allow, unless the profile knows better. */
static bool
set_limit(struct walk *walk)
{
	const struct blocks *blocks = &walk->finder->blocks;
	uint64_t most = blocks->count;
	if (walk->text->block.length)
		most = blocks->bytes / 8;
	else if (walk->array && walk->stride)
		most += walk->array->size / walk->stride;
	if (!evaluate_or(walk, walk->text->limit, most, &walk->limit))
		return false;
	if (walk->limit > most)
		walk->limit = most;
	return true;
}

/* Slots as the profile describes them; they must lie in one live block. */
static bool
measure_table(struct walk *walk)
{
	uint64_t count, cells, bytes;
	if (!evaluate(walk, walk->text->at, &walk->at) ||
	    !evaluate(walk, walk->text->count, &count) ||
	    !evaluate(walk, walk->text->stride, &walk->stride) ||
	    !evaluate_or(walk, walk->text->cells, 1, &cells))
		return false;
	uint32_t array = blocks_holding(&walk->finder->blocks, walk->at);
	if (array == BLOCKS_NONE || walk->stride == 0 || cells / 8 > walk->stride ||
	    cells > UINT32_MAX || __builtin_mul_overflow(count, walk->stride, &bytes))
		return false;
	walk->array = &walk->finder->blocks.at[array];
	if (bytes > walk->array->size - (walk->at - walk->array->base))
		return false;
	walk->slots_end = walk->at + bytes;
	walk->census->slots = count;
	walk->census->cells = (uint32_t)cells;
	return true;
}

/* Zeroed counters for each slot; pages of empty slots are never touched. Without memory for them
 * fold() and deepest() have no value. */
static void
map_entries(struct walk *walk, uint16_t index)
{
	uint32_t **kept = &walk->finder->entries[index];
	array_unmap(*kept);
	*kept = array_map(walk->census->slots * sizeof(**kept));
	walk->entries = *kept;
	walk->census->entries = *kept;
}

static void
forget_names(struct walk *walk)
{
	uint8_t *known = walk->finder->scope.known;
	known[PROFILE_NAME_BUCKET] = known[PROFILE_NAME_INDEX] = 0;
	known[PROFILE_NAME_CELL] = known[PROFILE_NAME_NODE] = 0;
}

static void
add_up(struct walk *walk)
{
	if (walk->text->role != PROFILE_OVERFLOW)
		return;
	walk->proof->chained_blocks += walk->census->chained_blocks;
	walk->proof->chained_bytes += walk->census->chained_bytes;
}

/* An expression that is 0 before any bucket or node has a name is 0 for all of them: a map without
 * out-of-line values need not ask at each entry. */
static void
choose_outside(struct walk *walk)
{
	const struct profile_expression *texts = walk->text->outside;
	for (size_t i = 0; i < PROFILE_OUTSIDE_MAX && texts[i].length; i++) {
		uint64_t value;
		if (!evaluate(walk, texts[i], &value) || value != 0)
			walk->outside[walk->outside_count++] = texts[i];
	}
}

enum proof_result
walk_run(struct finder *finder, uint16_t index)
{
	struct proof *proof = &finder->proof;
	struct walk walk = {
		.finder = finder,
		.proof = proof,
		.profile = proof->profile,
		.text = &proof->profile->walks[index],
		.census = &finder->scope.walks[index],
	};
	uint64_t when;
	proof->node_size = 0;
	*walk.census = (struct profile_census){.cells = 1};
	if (!evaluate_or(&walk, walk.text->when, 1, &when))
		return refuse(&walk, TRACE_REFUSED_WALK);
	enum proof_result result = PROOF_TRUE;
	if (when) {
		choose_outside(&walk);
		if (!walk.text->is_chain && !measure_table(&walk))
			return refuse(&walk, TRACE_REFUSED_WALK);
		if (!set_limit(&walk))
			return refuse(&walk, TRACE_REFUSED_WALK);
		if (!walk.text->is_chain)
			map_entries(&walk, index);
		result = walk.text->is_chain ? walk_list(&walk) : walk_slots(&walk);
	}
	if (values_settle(finder))
		result = PROOF_CUT;
	forget_names(&walk);
	walk.census->done = true;
	add_up(&walk);
	return result;
}
