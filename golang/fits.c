/*
 * Whether the entries of a map could be of a type: a string must have its bytes, a slice its array,
 * a pointer something to point at, an interface a type. Numbers can be anything, so this only ever
 * rules types out.
 */
#include "golang/state.h"
#include "golang/word.h"

enum {
	SAMPLE = 64,        /* entries of a map that are looked at */
	ELEMENTS_MAX = 16,  /* of an array */
	DEPTH_MAX = 8,
	METHODS_AT = 64,    /* of an interface type */
	STEPS_MAX = 4096,   /* parts of a key or value: a hostile struct may hold itself */
};
#define LENGTH_MAX (1ull << 40)

struct fitter {
	struct golang_visitor visitor;
	const struct golang_state *state;
	const struct golang_map_type *type;
	unsigned looked_at;
	bool fits;
};

/* Whether there could be `size` bytes of a value at `address`: in a block of their own heap only as
 * far as it goes and where it may hold their pointers, elsewhere wherever there is memory. */
static bool
may_lie_at(const struct golang_state *state, uint64_t address, uint64_t size, bool has_pointers)
{
	const struct golang_span *span = golang_span_of(&state->heap, address);
	struct golang_block block;
	if (!span || span->objects == 0)
		return state->memory->view(state->memory, address, 1) != NULL;
	if (!golang_block_of(&state->heap, address, &block) ||
	    (has_pointers && !golang_span_has_pointers(span)))
		return false;
	return size <= span->object_size - (address - block.base);
}

static bool
fits_string(const struct golang_state *state, uint64_t at)
{
	uint64_t bytes = word_at(state->memory, at), length = word_at(state->memory, at + 8);
	const struct golang_span *span = golang_span_of(&state->heap, bytes);
	if (length == 0)
		return true;
	return length < LENGTH_MAX && may_lie_at(state, bytes, length, false) &&
	       !(span && span->objects && golang_span_has_pointers(span));
}

static bool
fits_slice(const struct golang_state *state, const struct golang_type *type, uint64_t at)
{
	struct golang_type element;
	uint64_t array = word_at(state->memory, at), length = word_at(state->memory, at + 8);
	uint64_t room = word_at(state->memory, at + 16);
	if (length > room || room >= LENGTH_MAX ||
	    !golang_type_element(&state->types, type, &element))
		return false;
	return room == 0 || element.size == 0 ||
	       may_lie_at(state, array, room * element.size, element.pointer_bytes != 0);
}

static bool
fits_interface(const struct golang_state *state, const struct golang_type *type, uint64_t at)
{
	uint64_t word = word_at(state->memory, at);
	struct golang_type held;
	if (word == 0)
		return word_at(state->memory, at + 8) == 0;
	if (word_at(state->memory, type->address + METHODS_AT))
		word = word_at(state->memory, word + 8);
	/* Types that reflection made lie in the heap. */
	return golang_type_read(&state->types, word, &held) ||
	       (golang_span_of(&state->heap, word) && word % 8 == 0);
}

static bool
fits_pointer(const struct golang_state *state, const struct golang_type *type, uint64_t at)
{
	struct golang_type element = {0};
	uint64_t value = word_at(state->memory, at);
	if (value == 0)
		return true;
	switch (type->kind) {
	case GOLANG_POINTER:
		return golang_type_element(&state->types, type, &element) &&
		       may_lie_at(state, value, element.size, element.pointer_bytes != 0);
	case GOLANG_MAP:
		return value % 8 == 0 && may_lie_at(state, value, GOLANG_HEADER_SIZE, true);
	case GOLANG_FUNC:
		value = word_at(state->memory, value);
		return value >= state->image.text && value < state->image.text_end;
	}
	return may_lie_at(state, value, 1, false);
}

static bool fits_value(const struct golang_state *state, const struct golang_type *type,
                       uint64_t at, unsigned depth, unsigned *steps);

static bool
fits_parts(const struct golang_state *state, const struct golang_type *type, uint64_t at,
           unsigned depth, unsigned *steps)
{
	struct golang_type inner;
	uint64_t offset;
	if (type->kind == GOLANG_STRUCT) {
		for (uint64_t i = 0;
		     *steps && golang_type_field(&state->types, type, i, &inner, &offset); i++)
			if (!fits_value(state, &inner, at + offset, depth, steps))
				return false;
		return true;
	}
	if (!golang_type_element(&state->types, type, &inner) || inner.size == 0)
		return true;
	for (uint64_t i = 0; i < type->size / inner.size && i < ELEMENTS_MAX; i++)
		if (!fits_value(state, &inner, at + i * inner.size, depth, steps))
			return false;
	return true;
}

static bool
fits_value(const struct golang_state *state, const struct golang_type *type, uint64_t at,
           unsigned depth, unsigned *steps)
{
	uint64_t byte;
	if (depth == 0 || *steps == 0 || golang_tick(state->image.deadline))
		return true;
	--*steps;
	switch (type->kind) {
	case GOLANG_BOOL:
		return word_read(state->memory, at, 1, &byte) && byte <= 1;
	case GOLANG_STRING:
		return fits_string(state, at);
	case GOLANG_SLICE:
		return fits_slice(state, type, at);
	case GOLANG_INTERFACE:
		return fits_interface(state, type, at);
	case GOLANG_POINTER:
	case GOLANG_MAP:
	case GOLANG_CHAN:
	case GOLANG_FUNC:
		return fits_pointer(state, type, at);
	case GOLANG_STRUCT:
	case GOLANG_ARRAY:
		return fits_parts(state, type, at, depth - 1, steps);
	}
	return true;
}

static bool
fits_part(const struct golang_state *state, const struct golang_part *part, uint64_t group,
          unsigned cell)
{
	uint64_t at = group + part->offset + cell * part->stride;
	struct golang_block block;
	unsigned steps = STEPS_MAX;
	if (part->is_indirect) {
		at = word_at(state->memory, at);
		if (!golang_is_block_of_size(&state->heap, at, part->type.size,
		                             part->type.pointer_bytes != 0, &block))
			return false;
	}
	return fits_value(state, &part->type, at, DEPTH_MAX, &steps);
}

static bool
look_at_group(struct golang_visitor *visitor, const struct golang_group *group)
{
	struct fitter *fitter = (struct fitter *)visitor;
	for (unsigned cell = 0; cell < GOLANG_CELLS && fitter->fits; cell++)
		if (group->live >> cell & 1) {
			fitter->fits = fits_part(fitter->state, &fitter->type->key, group->address,
			                         cell) &&
			               fits_part(fitter->state, &fitter->type->value,
			                         group->address, cell);
			fitter->looked_at++;
		}
	return fitter->fits && fitter->looked_at < SAMPLE;
}

bool
golang_fits(const struct golang_state *state, const struct golang_found *found,
            const struct golang_map_type *type)
{
	struct golang_header header = found->header;
	struct golang_census census;
	struct fitter fitter = {
		.visitor.visit_group = look_at_group, .state = state, .type = type, .fits = true,
	};
	if (header.count)
		golang_walk(&state->heap, golang_shape_of(state, type), &header, &fitter.visitor,
		            &census);
	return fitter.fits;
}
