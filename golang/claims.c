/*
 * Gives each block that a proved map reaches its role in that map. A block belongs to one map:
 * where two headers lead to one array, a header in the heap wins over one on a stack, which may be
 * an old copy; then the lower address.
 */
#include "golang/state.h"

struct claimer {
	struct golang_visitor visitor;
	struct golang_state *state;
	struct golang_found *found;
	uint32_t map;
	bool is_failed;
};

int
golang_claim_add(struct golang_state *state, uint32_t map, enum trace_role role,
                 const struct golang_block *block, uint64_t bytes, uint64_t slot_bytes)
{
	struct golang_claim *claims = state->claims.at, *claim = NULL;
	/* Those of one map follow each other, with few roles and classes. */
	for (size_t i = state->claims.count; i-- > 0 && claims[i].map == map && !claim;)
		if (claims[i].role == role && claims[i].span_class == block->span->class)
			claim = &claims[i];
	if (!claim) {
		claim = array_add(&state->claims, sizeof *claim, 1);
		if (!claim)
			return -1;
		claim->map = map;
		claim->role = (uint8_t)role;
		claim->span_class = block->span->class;
	}
	claim->blocks++;
	claim->bytes += bytes;
	claim->slot_bytes += slot_bytes;
	return 0;
}

static bool
is_free(struct golang_visitor *visitor, const struct golang_block *block, enum trace_role role,
        uint64_t bytes, bool is_old)
{
	struct claimer *claimer = (struct claimer *)visitor;
	uint32_t owner = claimer->state->marks.owner[block->number];
	return owner == 0 || owner == claimer->map + 1;
}

static void
add_bytes(struct claimer *claimer, enum trace_role role, const struct golang_block *block,
          uint64_t bytes, uint64_t slot_bytes)
{
	claimer->found->bytes[role] += bytes;
	claimer->found->slot_bytes[role] += slot_bytes;
	if (golang_claim_add(claimer->state, claimer->map, role, block, bytes, slot_bytes) != 0)
		claimer->is_failed = true;
}

/* An array's reserve is overflow; what the runtime rounds up goes with the array. */
static void
add_array(struct claimer *claimer, const struct golang_block *block, uint64_t bytes, bool is_old)
{
	const struct golang_header *header = &claimer->found->header;
	const struct golang_shape *shape = golang_shape_of(
	    claimer->state, golang_choice(claimer->state, claimer->found, 0));
	uint64_t groups = is_old ? header->old_groups : header->groups;
	uint64_t reserve = groups ? bytes - groups * shape->group_size : 0;
	add_bytes(claimer, TRACE_BUCKETS, block, bytes - reserve,
	          block->span->object_size - reserve);
	if (reserve)
		add_bytes(claimer, TRACE_OVERFLOW, block, reserve, reserve);
}

static bool
claim_block(struct golang_visitor *visitor, const struct golang_block *block, enum trace_role role,
            uint64_t bytes, bool is_old)
{
	struct claimer *claimer = (struct claimer *)visitor;
	uint32_t *owner = &claimer->state->marks.owner[block->number];
	if (*owner)
		return *owner == claimer->map + 1;
	*owner = claimer->map + 1;
	if (role != TRACE_HEADER)
		claimer->found->resident += memory_resident(claimer->state->memory, block->base,
		                                            block->span->object_size);
	if (role == TRACE_BUCKETS)
		add_array(claimer, block, bytes, is_old);
	else
		add_bytes(claimer, role, block, bytes, block->span->object_size);
	if (is_old && role != TRACE_HEADER)
		claimer->found->old_bytes += bytes;
	return !claimer->is_failed;
}

/* Claims all blocks of a map that has each of them to itself. Returns false where it has not. */
static bool
claim_blocks(struct claimer *claimer, const struct golang_shape *shape)
{
	struct golang_state *state = claimer->state;
	struct golang_found *found = claimer->found;
	struct golang_visitor *visitor = &claimer->visitor;
	struct golang_census census;
	struct golang_block block;
	bool has_block = !found->is_on_stack &&
	                 golang_block_of(&state->heap, found->header.address, &block);
	visitor->visit_block = is_free;
	if (has_block && !is_free(visitor, &block, TRACE_HEADER, GOLANG_HEADER_SIZE, false))
		return false;
	if (golang_walk(&state->heap, shape, &found->header, visitor, &census) != GOLANG_WALK_DONE)
		return false;
	if (has_block && !claim_block(visitor, &block, TRACE_HEADER, GOLANG_HEADER_SIZE, false))
		return false;
	visitor->visit_block = claim_block;
	return golang_walk(&state->heap, shape, &found->header, visitor, &found->census) ==
	       GOLANG_WALK_DONE;
}

static int
claim_map(struct golang_state *state, uint32_t map)
{
	struct golang_found *found = (struct golang_found *)state->found.at + map;
	const struct golang_shape *shape = golang_shape_of(state, golang_choice(state, found, 0));
	struct claimer claimer = {.state = state, .found = found, .map = map};
	size_t before = state->claims.count;
	if (!claim_blocks(&claimer, shape)) { /* another's, or time was up in the middle */
		found->choices = 0;
		state->claims.count = before;
	}
	return claimer.is_failed ? -1 : 0;
}

int
golang_claims_make(struct golang_state *state)
{
	for (int on_stack = 0; on_stack < 2; on_stack++)
		for (uint32_t i = 0; i < state->found.count; i++) {
			const struct golang_found *found =
			    (const struct golang_found *)state->found.at + i;
			if (found->choices && found->is_on_stack == on_stack &&
			    claim_map(state, i) != 0)
				return -1;
		}
	return 0;
}
