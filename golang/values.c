/*
 * What the cells of maps point at: keys and values that the map keeps out of line, and what key and
 * value pointers lead to. A block counts as a map's value where one map alone leads to it and
 * nothing else does; else it is told apart as shared, since giving up the entry would not free it.
 *
 * Two passes over the cells, as only the first knows whom else a block belongs to. On the way, free
 * cells that still show a key are counted: the runtime clears only keys with pointers in them.
 *
 * Of a map that can be of several types which keep their pointers in different places, none is
 * believed: its values are unknown, and what any of them leads to is no other map's alone.
 *
 * What must never break: where not all cells were seen, or not all that is reached, nobody can tell
 * whose a block is, and nothing is told of any map's values.
 */
#include "golang/state.h"
#include "golang/word.h"

#include <string.h>

enum { KEY_MAX = GOLANG_INLINE_MAX };

struct pass {
	struct golang_visitor visitor;
	struct golang_state *state;
	struct golang_found *found;
	const struct golang_map_type *type;
	uint64_t key_size, value_size; /* of what each points at; 0: not known */
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
	uint64_t size = part == &pass->type->key ? pass->key_size : pass->value_size;
	bool has_pointers = golang_span_has_pointers(block->span);
	return size && golang_slot_size(&pass->state->heap, size, has_pointers) ==
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

/* ---- which types */

static uint64_t
size_pointed_at(const struct golang_types *types, const struct golang_part *part)
{
	struct golang_type element;
	if (part->is_indirect)
		return part->type.size;
	return part->type.kind == GOLANG_POINTER &&
	               golang_type_element(types, &part->type, &element)
	           ? element.size
	           : 0;
}

/* Whether it makes no difference here which of the two it is. */
static bool
is_same_part(const struct golang_part *a, const struct golang_part *b)
{
	return a->slot == b->slot && a->offset == b->offset && a->stride == b->stride &&
	       a->is_indirect == b->is_indirect && a->word_count == b->word_count &&
	       !memcmp(a->words, b->words, a->word_count) &&
	       !a->type.pointer_bytes == !b->type.pointer_bytes;
}

static bool
is_same_type(const struct golang_map_type *a, const struct golang_map_type *b)
{
	return is_same_part(&a->key, &b->key) && is_same_part(&a->value, &b->value);
}

static bool
has_one_layout(const struct golang_state *state, const struct golang_found *found)
{
	const struct golang_map_type *first = golang_choice(state, found, 0);
	if (first->key.is_cut || first->value.is_cut)
		return false;
	for (uint32_t i = 1; i < found->choices; i++)
		if (!is_same_type(first, golang_choice(state, found, i)))
			return false;
	return true;
}

/* The sizes on which all of them agree. */
static void
take_sizes(struct pass *pass)
{
	const struct golang_types *types = &pass->state->types;
	for (uint32_t i = 0; i < pass->found->choices; i++) {
		const struct golang_map_type *type = golang_choice(pass->state, pass->found, i);
		uint64_t key = size_pointed_at(types, &type->key);
		uint64_t value = size_pointed_at(types, &type->value);
		pass->key_size = i == 0 || key == pass->key_size ? key : 0;
		pass->value_size = i == 0 || value == pass->value_size ? value : 0;
	}
}

static void
walk_as(struct pass *pass, const struct golang_map_type *type)
{
	struct golang_state *state = pass->state;
	struct golang_census census;
	pass->type = type;
	if (!pass->is_last && type->key.word_count + type->value.word_count == 0)
		return;
	if (golang_walk(&state->heap, golang_shape_of(state, type), &pass->found->header,
	                &pass->visitor, &census) != GOLANG_WALK_DONE)
		state->are_values_known = false; /* time was up */
}

/* Each layout once, as far as like ones follow each other. */
static void
walk_as_all(struct pass *pass)
{
	for (uint32_t i = 0; i < pass->found->choices; i++) {
		const struct golang_map_type *type = golang_choice(pass->state, pass->found, i);
		if (i == 0 || !is_same_type(type, golang_choice(pass->state, pass->found, i - 1)))
			walk_as(pass, type);
	}
}

static int
make_pass(struct golang_state *state, bool is_last)
{
	for (uint32_t i = 0; i < state->found.count; i++) {
		struct golang_found *found = (struct golang_found *)state->found.at + i;
		struct pass pass = {
			.visitor.visit_group = look_at_group, .state = state, .found = found,
			.map = i, .is_last = is_last,
		};
		if (found->choices == 0 || !state->are_values_known)
			continue;
		if (!is_last)
			found->has_one_layout = has_one_layout(state, found);
		take_sizes(&pass);
		if (found->has_one_layout)
			walk_as(&pass, golang_choice(state, found, 0));
		else if (!is_last)
			walk_as_all(&pass);
		if (pass.is_failed)
			return -1;
	}
	return 0;
}

int
golang_values_claim(struct golang_state *state)
{
	state->are_values_known = state->marks.is_whole;
	if (make_pass(state, false) != 0)
		return -1;
	return make_pass(state, true);
}
