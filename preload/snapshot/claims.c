/*
 * A hash table of sums that grows; see claims.h. Claims come map by map, so neighbours mostly
 * belong to the same sum, while their blocks lie anywhere: those are asked for early.
 *
 * Rule: at most half of the slots are taken, so that a search for one ends.
 */
#include "preload/snapshot/claims.h"

#include "preload/hidden.h"

#include <stdbool.h>

enum {
	ROOM_FIRST = 256,
	AHEAD = 16, /* claims whose blocks are asked for early */
};

static bool
is_same_sum(const struct trace_claim *one, const struct trace_claim *other)
{
	return one->stack == other->stack && one->profile == other->profile &&
	       one->role == other->role;
}

/* The slot of this claim's sum, or the first free one. */
static struct trace_claim *
claims_slot(const struct claims *claims, const struct trace_claim *claim)
{
	uint64_t key = ((uint64_t)claim->stack << 16 ^ claim->profile << 3 ^ claim->role);
	size_t mask = claims->room - 1, at = (size_t)(key * 0x9e3779b97f4a7c15ull >> 20) & mask;

	while (claims->slots[at].blocks && !is_same_sum(&claims->slots[at], claim))
		at = (at + 1) & mask;
	return &claims->slots[at];
}

void
claims_release(struct claims *claims)
{
	if (claims->slots)
		hidden_unmap(claims->slots, claims->room * sizeof(*claims->slots));
	*claims = (struct claims){ 0 };
}

static int
claims_grow(struct claims *claims)
{
	struct claims larger = { .room = claims->room ? 2 * claims->room : ROOM_FIRST,
	                         .used = claims->used };

	larger.slots = hidden_map(larger.room * sizeof(*larger.slots));
	if (!larger.slots)
		return -1;
	for (size_t i = 0; i < claims->room; i++)
		if (claims->slots[i].blocks)
			*claims_slot(&larger, &claims->slots[i]) = claims->slots[i];
	claims_release(claims);
	*claims = larger;
	return 0;
}

int
claims_sum(struct claims *claims, const struct finder_block *blocks,
           const struct finder_result *found)
{
	struct trace_claim *slot = NULL;

	for (size_t i = 0; i < found->claim_count; i++) {
		const struct finder_claim *from = &found->claims[i];
		struct trace_claim claim = {
			.stack = blocks[from->block].stack,
			.profile = found->maps[from->map].profile,
			.role = from->role,
		};

		if (i + AHEAD < found->claim_count)
			__builtin_prefetch(&blocks[from[AHEAD].block].stack);
		if (!slot || !is_same_sum(slot, &claim)) {
			if (2 * (claims->used + 1) > claims->room && claims_grow(claims) < 0)
				return -1;
			slot = claims_slot(claims, &claim);
			claims->used += !slot->blocks;
		}
		claim.bytes = slot->bytes + from->bytes;
		claim.blocks = slot->blocks + 1;
		*slot = claim;
	}
	return 0;
}
