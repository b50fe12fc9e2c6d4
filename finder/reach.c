/*
 * Blocks that walks come to. They are taken for the map at once; a candidate that is refused gives
 * them back (attribute_undo).
 *
 * Blocks of role `values` may belong to many maps and are settled at the end; any other belongs to
 * one.
 */
#include "finder/walk_state.h"

static enum proof_result
out_of_memory(struct walk *walk)
{
	walk->finder->is_out_of_memory = true;
	return PROOF_CUT;
}

static void
measure(struct walk *walk, const struct finder_block *block)
{
	struct proof *proof = walk->proof;
	walk->census->chained_blocks++;
	walk->census->chained_bytes += block->size;
	if (proof->node_size == 0)
		proof->node_size = block->size;
	else if (proof->node_size != block->size)
		proof->node_size = TRACE_UNKNOWN;
}

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
	measure(walk, block);
	return PROOF_TRUE;
}

static enum proof_result
note(struct walk *walk, uint32_t index)
{
	struct finder *finder = walk->finder;
	struct value *value = array_add(&finder->values, sizeof(*value), 1);
	if (!value)
		return out_of_memory(walk);
	*value = (struct value){.block = index, .map = walk->proof->map};
	measure(walk, &finder->blocks.at[index]);
	return PROOF_TRUE;
}

enum proof_result
reach_block(struct walk *walk, uint64_t node)
{
	const struct blocks *blocks = &walk->finder->blocks;
	bool is_start = walk->bounds.block.kind == PROFILE_BOUND_ABSENT;
	uint64_t address = node, size;
	if (!is_start && !walk_ask(walk, &walk->bounds.block, &address))
		return walk_refuse(walk, TRACE_REFUSED_WALK);
	uint32_t index = is_start ? blocks_at(blocks, address) : blocks_holding(blocks, address);
	if (index == BLOCKS_NONE)
		return walk_refuse(walk, TRACE_REFUSED_WALK);
	const struct finder_block *block = &blocks->at[index];
	if (!walk_ask_or(walk, &walk->bounds.size, block->size, &size) || size != block->size)
		return walk_refuse(walk, TRACE_REFUSED_WALK);
	if (walk->text->role == PROFILE_OTHER) /* a slab: it stays whose it is */
		return PROOF_TRUE;
	if (walk->text->role == PROFILE_VALUES)
		return note(walk, index);
	if (block->map == TRACE_NONE)
		return claim(walk, index);
	if (block->map != walk->proof->map)
		return walk_refuse(walk, TRACE_REFUSED_CLAIMED);
	return is_start ? walk_refuse(walk, TRACE_REFUSED_WALK) : PROOF_TRUE;
}
