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

static bool
is_marked(const struct finder *finder, uint32_t block)
{
	return finder->marks[block / WORD_BITS] >> block % WORD_BITS & 1;
}

/* Sets the marks of the nodes at these addresses, or takes them away. */
static void
set_marks(struct finder *finder, const uint64_t *nodes, size_t count, bool is_set)
{
	uint32_t before[BLOCKS_GROUP];
	uint64_t starts = blocks_before(&finder->blocks, nodes, count, before);

	for (; starts; starts &= starts - 1) {
		uint32_t block = before[__builtin_ctzll(starts)];
		uint64_t bit = (uint64_t)1 << block % WORD_BITS;

		if (is_set)
			finder->marks[block / WORD_BITS] |= bit;
		else
			finder->marks[block / WORD_BITS] &= ~bit;
	}
}

/* Marks what the slots point to; how many slots do. */
static uint64_t
mark_table(struct finder *finder, const struct table *table, bool is_set)
{
	uint64_t nodes[BLOCKS_GROUP], slots = 0, node;
	size_t count = 0;

	for (uint64_t i = 0; i < table->count; i++) {
		if (!finder->view.read(finder->view.context, table->at + i * table->stride, &node,
		                       sizeof(node)) || !node)
			continue;
		slots++;
		nodes[count++] = node;
		if (count == BLOCKS_GROUP) {
			set_marks(finder, nodes, count, is_set);
			count = 0;
		}
	}
	set_marks(finder, nodes, count, is_set);
	return slots;
}

/* From mark to mark. A mark at the last node has no bucket behind it. */
static void
count_list(const struct finder *finder, size_t first, struct profile_census *census)
{
	const struct finder_claim *claims = (const struct finder_claim *)finder->claims.at + first;
	uint64_t entries = 0;

	for (uint64_t i = 0; i < census->live; i++) {
		entries++;
		if (!is_marked(finder, claims[i].block) && i + 1 < census->live)
			continue;
		census->used_slots++;
		if (entries > census->deepest_slot)
			census->deepest_slot = entries;
		entries = 0;
	}
}

bool
parted_measure(struct finder *finder, size_t index)
{
	const struct profile_walk *walk = &finder->proof.profile->walks[index];
	struct profile_census *census = &finder->scope.walks[index];
	struct table table;
	uint64_t slots;

	if (walk->parted_by < 0 || finder->proof.is_raised ||
	    census->chained_blocks != census->live || !has_marks(finder) ||
	    !table_find(finder, (size_t)walk->parted_by, &table))
		return false;
	slots = mark_table(finder, &table, true);
	count_list(finder, finder->proof.claims_of[index], census);
	mark_table(finder, &table, false);
	return census->used_slots == slots;
}
