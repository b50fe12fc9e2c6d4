/*
 * Walks; see walk.h. A table is an array of slots; from each slot hang further buckets of the same
 * layout (`next`) or a list of nodes (`from`, `next`). A chain is one list of nodes.
 *
 *     table   [ bucket | bucket | bucket | reserved ... ]    the array: one live block
 *                 |        +--> node --> node                blocks of their own
 *                 +--> bucket --> bucket                     reserved ones, or blocks of their own
 *
 * What must never break: every pointer is untrusted. A bucket or node counts only where it lies in
 * a live block that nobody else owns, and every list ends: a block that was reached before, or more
 * nodes than there can be, refuse the candidate.
 */
#include "finder/walk.h"

#include "finder/values.h"
#include "finder/walk_state.h"

#include <string.h>

enum { KEPT_SLOTS = 1 << 14, SLOTS_AHEAD = 16, PIECE = 64 * 1024 };

static bool
evaluate(struct walk *walk, struct profile_expression expression, uint64_t *out)
{
	struct finder *finder = walk->finder;
	return profile_evaluate_unsigned(walk->profile, expression, &finder->scope, &finder->view,
	                                 out);
}

/* Evaluates where the expression is present, else gives `otherwise`. */
static bool
evaluate_or(struct walk *walk, struct profile_expression expression, uint64_t otherwise,
            uint64_t *out)
{
	*out = otherwise;
	return expression.length == 0 || evaluate(walk, expression, out);
}

/* One more chained bucket or node: not more than there can be, and what it must meet. */
static enum proof_result
count_node(struct walk *walk)
{
	uint64_t is_valid;
	if (walk->nodes++ >= walk->limit || !walk_ask_or(walk, &walk->bounds.valid, 1, &is_valid) ||
	    !is_valid)
		return walk_refuse(walk, TRACE_REFUSED_WALK);
	return finder_is_late(walk->finder) ? PROOF_CUT : PROOF_TRUE;
}

/* The node after the present one, or 0; false: that cannot be said. Asked before the present one is
 * looked into, so that the memory has time. */
static bool
look_ahead(struct walk *walk, uint64_t *next)
{
	if (!walk_ask_or(walk, &walk->bounds.next, 0, next))
		return false;
	__builtin_prefetch((const void *)(uintptr_t)*next);
	return true;
}

/* The list of nodes that begins at `from` for the present bucket and index. */
static enum proof_result
walk_list(struct walk *walk)
{
	uint64_t node, end;
	if (!walk_ask(walk, &walk->bounds.from, &node))
		return walk_refuse(walk, TRACE_REFUSED_WALK);
	for (;;) {
		walk_set_name(walk, PROFILE_NAME_NODE, node);
		if (node == 0)
			return PROOF_TRUE;
		if (!walk_ask_or(walk, &walk->bounds.end, 0, &end))
			return walk_refuse(walk, TRACE_REFUSED_WALK);
		if (node == end)
			return PROOF_TRUE;
		uint64_t next;
		bool has_next = look_ahead(walk, &next);
		enum proof_result result = count_node(walk);
		if (result == PROOF_TRUE)
			result = reach_block(walk, node);
		if (result == PROOF_TRUE)
			result = cells_note_entry(walk);
		if (result == PROOF_TRUE)
			result = hashes_note(walk);
		if (result != PROOF_TRUE)
			return result;
		if (!has_next)
			return walk_refuse(walk, TRACE_REFUSED_WALK);
		node = next;
	}
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
		walk_set_name(walk, PROFILE_NAME_BUCKET, bucket);
		enum proof_result result = cells_count(walk);
		if (result != PROOF_TRUE || walk->bounds.next.kind == PROFILE_BOUND_ABSENT)
			return result;
		if (!walk_ask(walk, &walk->bounds.next, &bucket))
			return walk_refuse(walk, TRACE_REFUSED_WALK);
		if (bucket == 0)
			return PROOF_TRUE;
		result = count_node(walk);
		if (result == PROOF_TRUE && is_in_array(walk, bucket)) {
			if (!is_reserved(walk, bucket))
				result = walk_refuse(walk, TRACE_REFUSED_WALK);
		} else if (result == PROOF_TRUE) {
			walk_set_name(walk, PROFILE_NAME_BUCKET, bucket);
			result = reach_block(walk, bucket);
		}
		if (result != PROOF_TRUE)
			return result;
	}
}

/* A slot and all that hangs from it. */
static enum proof_result
walk_slot(struct walk *walk, uint64_t index)
{
	uint64_t before = walk->census->live;
	enum proof_result result = walk->bounds.from.kind != PROFILE_BOUND_ABSENT
		? walk_list(walk) : walk_bucket(walk, walk->at + index * walk->stride);
	uint64_t entries = walk->census->live - before;
	if (!entries)
		return result;
	walk->census->used_slots++;
	if (entries > walk->census->deepest_slot)
		walk->census->deepest_slot = entries;
	if (walk->entries)
		walk->entries[index] = entries < UINT32_MAX ? (uint32_t)entries : UINT32_MAX;
	return result;
}

static bool
has_lone_cells(const struct walk *walk)
{
	const struct walk_bounds *bounds = &walk->bounds;
	return walk->census->cells == 1 && bounds->from.kind == PROFILE_BOUND_ABSENT &&
	       bounds->next.kind == PROFILE_BOUND_ABSENT &&
	       bounds->entries.kind == PROFILE_BOUND_ABSENT;
}

/* Buckets of several cache lines are too far apart for the processor to guess the next one. Each is
 * read at its ends: the cells' marks and the pointer to the bucket chained to it. */
static inline void
ask_early(const struct walk *walk, uint64_t index)
{
	uint64_t ahead = walk->at + (index + SLOTS_AHEAD) * walk->stride;
	__builtin_prefetch((const void *)(uintptr_t)ahead);
	__builtin_prefetch((const void *)(uintptr_t)(ahead - 1));
}

/* Whether a bucket's bytes alone say what is in it: zeros say the same wherever they lie. */
static bool
is_told_by_bytes(const struct walk *walk)
{
	const struct walk_bounds *bounds = &walk->bounds;
	const struct profile_bound *asked[] = {&bounds->live, &bounds->dead, &bounds->entries,
	                                       &bounds->from, &bounds->next};
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++)
		if (asked[i]->kind == PROFILE_BOUND_SUM || asked[i]->kind == PROFILE_BOUND_ASKED)
			return false;
	return true;
}

/* How many slots from this one on lie in memory that was never touched; asked once a piece. What
 * the walk finds in the first of them holds for all, and the others shall stay untouched. */
static uint64_t
count_blank(struct walk *walk, uint64_t index)
{
	uint64_t at = walk->at + index * walk->stride, end = (at / PIECE + 1) * PIECE;
	if (at < walk->asked_to)
		return 0;
	walk->asked_to = end;
	if (end > walk->slots_end)
		end = walk->slots_end;
	return memory_is_blank(walk->finder->memory, at, end - at) ? (end - at) / walk->stride : 0;
}

static enum proof_result
walk_slots(struct walk *walk)
{
	const struct profile_census *census = walk->census;
	bool is_plain = has_lone_cells(walk), is_told = is_told_by_bytes(walk);
	for (uint64_t index = 0; index < census->slots;) {
		uint64_t before = census->live + census->dead + walk->nodes, first = index;
		uint64_t blank = is_told ? count_blank(walk, index) : 0;
		enum proof_result result;
		if (finder_is_late(walk->finder))
			return PROOF_CUT;
		walk_set_name(walk, PROFILE_NAME_INDEX, index);
		walk_set_name(walk, PROFILE_NAME_BUCKET, walk->at + index * walk->stride);
		ask_early(walk, index);
		result = is_plain ? cells_count_slots(walk, &index) : walk_slot(walk, index++);
		if (result != PROOF_TRUE)
			return result;
		if (first + blank > index && census->live + census->dead + walk->nodes == before)
			index = first + blank;
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

void
walk_map_entries(struct slot_entries *kept, uint64_t room)
{
	array_unmap(kept->at);
	kept->room = room > KEPT_SLOTS ? room : KEPT_SLOTS;
	kept->at = array_map(kept->room * sizeof(*kept->at));
	if (!kept->at)
		kept->room = 0;
}

/* Zeroed counters for each slot, where the profile asks for them. Those of a large table are mapped
 * anew, so that pages of empty slots are never touched; others are used again. Without memory for
 * them fold() and deepest() have no value. */
static void
map_entries(struct walk *walk, uint16_t index)
{
	struct slot_entries *kept = &walk->finder->entries[index];
	uint64_t slots = walk->census->slots;
	if (!walk->text->is_folded)
		return;
	if (slots <= KEPT_SLOTS && kept->room >= slots)
		memset(kept->at, 0, slots * sizeof(*kept->at));
	else
		walk_map_entries(kept, slots);
	walk->census->entries = walk->entries = kept->at;
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

static void
bind(struct walk *walk, struct profile_expression expression, struct profile_bound *out)
{
	struct finder *finder = walk->finder;
	profile_bind(walk->profile, expression, &finder->scope, &finder->view, out);
}

/* What is 0 before any bucket or node has a name is 0 for all of them: a map without out-of-line
 * values need not ask at each entry. */
static void
bind_outside(struct walk *walk)
{
	struct walk_bounds *bounds = &walk->bounds;
	const struct profile_expression *texts = walk->text->outside;
	for (size_t i = 0; i < PROFILE_OUTSIDE_MAX && texts[i].length; i++) {
		struct profile_bound *bound = &bounds->outside[bounds->outside_count];
		uint64_t value;
		bind(walk, texts[i], bound);
		if (!walk_ask(walk, bound, &value) || value != 0)
			bounds->outside_count++;
	}
}

static void
bind_all(struct walk *walk)
{
	const struct profile_walk *text = walk->text;
	struct walk_bounds *bounds = &walk->bounds;
	bind(walk, text->live, &bounds->live);
	bind(walk, text->dead, &bounds->dead);
	bind(walk, text->entries, &bounds->entries);
	bind(walk, text->from, &bounds->from);
	bind(walk, text->next, &bounds->next);
	bind(walk, text->end, &bounds->end);
	bind(walk, text->block, &bounds->block);
	bind(walk, text->size, &bounds->size);
	bind(walk, text->valid, &bounds->valid);
	bind(walk, text->hash, &bounds->hash);
	bind_outside(walk);
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
	proof->claims_of[index] = finder->claims.count;
	if (!evaluate_or(&walk, walk.text->when, 1, &when))
		return walk_refuse(&walk, TRACE_REFUSED_WALK);
	enum proof_result result = PROOF_TRUE;
	if (when) {
		bind_all(&walk);
		if (!walk.text->is_chain && !measure_table(&walk))
			return walk_refuse(&walk, TRACE_REFUSED_WALK);
		if (!set_limit(&walk))
			return walk_refuse(&walk, TRACE_REFUSED_WALK);
		if (walk.text->is_chain)
			hashes_map(&walk, index);
		else
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
