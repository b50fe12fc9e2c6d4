/*
 * What a walk counted, and what its entries would need on a smaller table whose index is the low
 * bits of the same hash: slot j of 2^bits gets what lies in slots j, j + 2^bits, j + 2 * 2^bits ...
 * now.
 *
 * Needs no memory of its own; reads each slot once.
 */
#include "profiles/evaluate.h"

#include "profiles/operation.h"

bool
census_value(const struct profile_census *census, int operation, int64_t *out)
{
	uint64_t value = operation == OPERATION_LIVE ? census->live
	               : operation == OPERATION_DEAD ? census->dead
	               : operation == OPERATION_BLOCKS ? census->chained_blocks
	               : census->chained_bytes;
	*out = (int64_t)value;
	return census->done && value <= INT64_MAX;
}

/* Whether the census can be folded onto 2^bits slots. One without slots (the walk had nothing to
 * walk) folds onto any. */
static bool
is_foldable(const struct profile_census *census, int64_t bits)
{
	uint64_t slots = census->slots;
	if (!census->done || bits < 0 || bits > 62)
		return false;
	return slots == 0 || (census->entries != NULL && (slots & (slots - 1)) == 0 &&
	                      UINT64_C(1) << bits <= slots);
}

static uint64_t
folded_entries(const struct profile_census *census, uint64_t slot, uint64_t stride)
{
	uint64_t entries = 0;
	for (; slot < census->slots; slot += stride)
		entries += census->entries[slot];
	return entries;
}

bool
census_fold(const struct profile_census *first, const struct profile_census *second, int operation,
            int64_t bits, int64_t *out)
{
	if (!is_foldable(first, bits) || (second != NULL && !is_foldable(second, bits)))
		return false;
	uint64_t slots = UINT64_C(1) << bits;
	uint64_t overflow = 0, deepest = 0, shallowest = UINT64_MAX;
	uint64_t cells = first->cells > 0 ? first->cells : 1;
	if (first->slots == 0 && (second == NULL || second->slots == 0))
		slots = 0;
	for (uint64_t slot = 0; slot < slots; slot++) {
		uint64_t entries = folded_entries(first, slot, slots);
		if (second != NULL)
			entries += folded_entries(second, slot, slots);
		if (entries > cells)
			overflow += (entries - 1) / cells;
		if (entries > deepest)
			deepest = entries;
		if (entries < shallowest)
			shallowest = entries;
	}
	if (slots == 0)
		shallowest = 0;
	*out = (int64_t)(operation == OPERATION_FOLD ? overflow
	               : operation == OPERATION_DEEPEST ? deepest : shallowest);
	return true;
}
