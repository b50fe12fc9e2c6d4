/*
 * What the cells of maps point at: keys and values that the map keeps out of line, and what key and
 * value pointers lead to. A block counts as a map's value where one map alone leads to it and
 * nothing else does; else it is told apart as shared, since giving up the entry would not free it.
 *
 * Two passes over the cells, as only the first knows whom else a block belongs to. On the way, free
 * cells that still show a key are counted: the runtime clears only keys with pointers in them.
 *
 * What must never break: where not all cells were seen, or not all that is reached, nobody can tell
 * whose a block is, and nothing is told of any map's values.
 */
#include "golang/state.h"
#include "golang/word.h"

enum { KEY_MAX = GOLANG_INLINE_MAX };

struct pass {
	struct golang_visitor visitor;
	struct golang_state *state;
	struct golang_found *found;
	const struct golang_map_type *type;
	uint32_t map;
	bool is_last;
	bool is_failed;
};

/* First pass: whose it is. */
static void
mark(struct pass *pass, const struct golang_block *block)
{
	uint32_t *owner = &pass->state->marks.owner[block->number];
	if (*owner == 0)
		*owner = pass->map + 1;
	else if (*owner != pass->map + 1)
		*owner = GOLANG_SHARED;
}

/* What was asked for: the size of the type pointed at, where that is known and can be true. */
static uint64_t
asked_size(const struct pass *pass, const struct golang_part *part,
           const struct golang_block *block)
{
	struct golang_type element;
	uint64_t size = part->type.size;
	if (!part->is_indirect) {
		if (part->type.kind != GOLANG_POINTER ||
		    !golang_type_element(&pass->state->types, &part->type, &element))
			return block->span->object_size;
		size = element.size;
	}
	return golang_slot_size(&pass->state->heap, size, golang_span_has_pointers(block->span)) ==
	               block->span->object_size
	           ? size
	           : block->span->object_size;
}

/* Second pass: each block once, however many cells point at it. Indirect keys and values are the
 * map's own: what else seems to point at them is an array that was left behind. */
static void
count(struct pass *pass, const struct golang_part *part, const struct golang_block *block)
{
	struct golang_state *state = pass->state;
	struct golang_found *found = pass->found;
	struct golang_marks *marks = &state->marks;
	if (marks->counted[block->number] == pass->map + 1)
		return;
	marks->counted[block->number] = pass->map + 1;
	if (marks->owner[block->number] != pass->map + 1 ||
	    (golang_bit(marks->other, block->number) && !part->is_indirect)) {
		found->shared_bytes += block->span->object_size;
		return;
	}
	uint64_t size = asked_size(pass, part, block);
	found->value_blocks++;
	found->bytes[TRACE_VALUES] += size;
	found->slot_bytes[TRACE_VALUES] += block->span->object_size;
	if (part->is_indirect)
		found->indirect_bytes += size;
	if (golang_claim_add(state, pass->map, TRACE_VALUES, block, size,
	                     block->span->object_size) != 0)
		pass->is_failed = true;
}

static void
look_at_part(struct pass *pass, const struct golang_part *part, uint64_t group, unsigned cell)
{
	uint64_t slot = group + part->offset + cell * part->stride;
	for (unsigned i = 0; i < part->word_count; i++) {
		struct golang_block block;
		uint64_t value = word_at(pass->state->memory, slot + part->words[i]);
		if (!golang_block_of(&pass->state->heap, value, &block))
			continue;
		if (pass->is_last)
			count(pass, part, &block);
		else
			mark(pass, &block);
	}
}

static bool
shows_key(const struct pass *pass, uint64_t group, unsigned cell)
{
	const struct golang_part *key = &pass->type->key;
	unsigned char bytes[KEY_MAX];
	if (!memory_read(pass->state->memory, group + key->offset + cell * key->stride, bytes,
	                 key->slot))
		return false;
	for (size_t i = 0; i < key->slot; i++)
		if (bytes[i])
			return true;
	return false;
}

static bool
look_at_group(struct golang_visitor *visitor, const struct golang_group *group)
{
	struct pass *pass = (struct pass *)visitor;
	const struct golang_map_type *type = pass->type;
	bool keeps_keys = !type->key.is_indirect && type->key.type.pointer_bytes == 0;
	for (unsigned cell = 0; cell < GOLANG_CELLS; cell++) {
		if (group->live >> cell & 1) {
			look_at_part(pass, &type->key, group->address, cell);
			look_at_part(pass, &type->value, group->address, cell);
		} else if (pass->is_last && keeps_keys && !group->is_old) {
			pass->found->residue += shows_key(pass, group->address, cell);
		}
	}
	return !pass->is_failed;
}

static int
make_pass(struct golang_state *state, bool is_last)
{
	for (uint32_t i = 0; i < state->found.count; i++) {
		struct golang_found *found = (struct golang_found *)state->found.at + i;
		struct golang_census census;
		struct pass pass = {
			.visitor.visit_group = look_at_group, .state = state, .found = found,
			.map = i, .is_last = is_last,
		};
		if (found->choices == 0)
			continue;
		pass.type = golang_choice(state, found, 0);
		if (!is_last && pass.type->key.word_count + pass.type->value.word_count == 0)
			continue;
		enum golang_walk outcome =
		    golang_walk(&state->heap, golang_shape_of(state, pass.type), &found->header,
		                &pass.visitor, &census);
		if (pass.is_failed)
			return -1;
		state->are_values_known &= outcome == GOLANG_WALK_DONE;
	}
	return 0;
}

int
golang_values_claim(struct golang_state *state)
{
	state->are_values_known = state->marks.is_whole;
	if (!state->are_values_known)
		return 0;
	if (make_pass(state, false) != 0)
		return -1;
	return make_pass(state, true);
}
