/*
 * A list that runs through all buckets, and a table whose slots point into it: each to the node
 * behind which its bucket's nodes begin, but the first bucket's, which points to what is no node.
 *
 *     slots    [ 0 | o | 0 | o | o ]
 *                    |       |   +----------------+     the list's head: no node
 *                    v       v                    v
 *     list     n1 -> n2 ---> n3 -> n4 -> n5       (head -> n1)
 *     buckets  [n1 n2][n3   ][n4    n5 ]
 *
 * The walk has claimed the nodes in the order of the list, so nothing is followed again: the slots
 * mark blocks, and the claims are counted from mark to mark. Called by attribute.c once a map is
 * proved.
 *
 * What must never break: the marks are all 0 again afterwards.
 */
#include "finder/parted.h"

#include "finder/table.h"

enum { WORD_BITS = 64 };

static bool
has_marks(struct finder *finder)
{
	size_t words = finder->blocks.count / WORD_BITS + 1;

	if (!finder->marks)
		finder->marks = array_map(words * sizeof(*finder->marks));
	return finder->marks != NULL;
}

/* Sets the marks of the nodes at these addresses, or takes them away. Returns how many changed. */
static uint64_t
set_marks(struct finder *finder, const uint64_t *nodes, size_t count, bool is_set)
{
	uint32_t before[BLOCKS_GROUP];
	uint64_t starts = blocks_before(&finder->blocks, nodes, count, before), changed = 0;

	for (; starts; starts &= starts - 1) {
		uint32_t block = before[__builtin_ctzll(starts)];
		uint64_t *word = &finder->marks[block / WORD_BITS];
		uint64_t bit = (uint64_t)1 << block % WORD_BITS;

		changed += ((*word & bit) != 0) != is_set;
		*word = is_set ? *word | bit : *word & ~bit;
	}
	return changed;
}

/* Marks what the slots point to, or takes that away; how many marks changed, and in *slots how many
 * slots point anywhere. */
static uint64_t
mark_table(struct finder *finder, const struct table *table, bool is_set, uint64_t *slots)
{
	uint64_t nodes[BLOCKS_GROUP], changed = 0;
	size_t together = table->stride == sizeof(*nodes) ? BLOCKS_GROUP : 1;

	*slots = 0;
	for (uint64_t i = 0; i < table->count; i += together) {
		uint64_t left = table->count - i;
		size_t count = left < together ? (size_t)left : together, kept = 0;

		if (!finder->view.read(finder->view.context, table->at + i * table->stride, nodes,
		                       count * sizeof(*nodes)))
			continue;
		for (size_t k = 0; k < count; k++) {
			nodes[kept] = nodes[k];
			kept += nodes[k] != 0;
		}
		changed += set_marks(finder, nodes, kept, is_set);
		*slots += kept;
	}
	return changed;
}

static bool
take_mark(struct finder *finder, uint32_t block)
{
	uint64_t *word = &finder->marks[block / WORD_BITS];
	uint64_t bit = (uint64_t)1 << block % WORD_BITS;
	bool is_marked = (*word & bit) != 0;

	*word &= ~bit;
	return is_marked;
}

/* From mark to mark, which are taken away; how many. A mark at the last node has no bucket behind
 * it. */
static uint64_t
count_list(struct finder *finder, size_t first, struct profile_census *census)
{
	const struct finder_claim *claims = (const struct finder_claim *)finder->claims.at + first;
	uint64_t entries = 0, taken = 0;

	for (uint64_t i = 0; i < census->live; i++) {
		bool is_marked = take_mark(finder, claims[i].block);

		taken += is_marked;
		entries++;
		if (!is_marked && i + 1 < census->live)
			continue;
		census->used_slots++;
		if (entries > census->deepest_slot)
			census->deepest_slot = entries;
		entries = 0;
	}
	return taken;
}

bool
parted_measure(struct finder *finder, size_t index)
{
	const struct profile_walk *walk = &finder->proof.profile->walks[index];
	struct profile_census *census = &finder->scope.walks[index];
	struct table table;
	uint64_t slots, marked;

	if (walk->parted_by < 0 || finder->proof.is_raised ||
	    census->chained_blocks != census->live || !has_marks(finder) ||
	    !table_find(finder, (size_t)walk->parted_by, &table))
		return false;
	marked = mark_table(finder, &table, true, &slots);
	if (count_list(finder, finder->proof.claims_of[index], census) != marked)
		mark_table(finder, &table, false, &slots); /* some point to what is no node */
	return census->used_slots == slots;
}
