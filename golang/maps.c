/*
 * Looks for maps: every block of a header's size, and every word of a goroutine's stack, since maps
 * that do not escape live there. Each candidate is walked as of each shape that its arrays could
 * have; where more than one fits, all of their types stay as choices.
 *
 * What must never break: nothing is taken that was not proved by its walk.
 */
#include "golang/state.h"
#include "golang/word.h"

#include <string.h>

enum {
	SEED_AT = 12,      /* classic */
	SEED_AT_SWISS = 8,
};

/* A header without a seed was never a map's: the runtime draws it at the map's birth. */
static bool
has_seed(const struct golang_state *state, uint64_t address)
{
	bool is_swiss = state->image.release->is_swiss;
	uint64_t seed;
	word_read(state->memory, address + (is_swiss ? SEED_AT_SWISS : SEED_AT), is_swiss ? 8 : 4,
	          &seed);
	return seed != 0;
}

static int
refuse(struct golang_state *state, enum trace_refusal reason)
{
	struct trace_refused *rows = state->refused.at;
	for (size_t i = 0; i < state->refused.count; i++)
		if (rows[i].reason == reason) {
			rows[i].candidates++;
			return 0;
		}
	struct trace_refused *row = array_add(&state->refused, sizeof *row, 1);
	if (!row)
		return -1;
	*row = (struct trace_refused){.profile = TRACE_NONE, .reason = reason, .candidates = 1};
	return 0;
}

/* The types of one shape; where a block carries its type, that one only. */
static int
add_choices(struct golang_state *state, const struct golang_shape *shape, uint64_t group_type)
{
	const struct golang_map_type *types = state->types.maps.at;
	for (uint32_t i = shape->first; i < shape->first + shape->count; i++) {
		if (group_type && types[i].group.address != group_type)
			continue;
		uint32_t *choice = array_add(&state->choices, sizeof *choice, 1);
		if (!choice)
			return -1;
		*choice = i;
	}
	return 0;
}

/* Whether blocks of maps carry this type. */
static bool
is_group(const struct golang_state *state, uint64_t type)
{
	const struct golang_map_type *types = state->types.maps.at;
	for (size_t i = 0; i < state->types.maps.count; i++)
		if (types[i].group.address == type)
			return true;
	return false;
}

/* A candidate that no shape fits says why it looked like a map at all: its entries were there but
 * for the count, or one of its own pointers led elsewhere. A block that carries another type than a
 * map's shows that it is none. */
static int
leave(struct golang_state *state, const struct golang_header *header, enum golang_walk nearest)
{
	if (nearest == GOLANG_WALK_SHAPE || header->count == 0 ||
	    (header->group_type && !is_group(state, header->group_type)))
		return 0;
	state->totals.unexplained++;
	return refuse(state, header->is_busy                  ? TRACE_REFUSED_BUSY
	                     : nearest == GOLANG_WALK_COUNT ? TRACE_REFUSED_CENSUS
	                                                      : TRACE_REFUSED_WALK);
}

static int
consider(struct golang_state *state, uint64_t address, bool is_on_stack)
{
	struct golang_found found = {.is_on_stack = is_on_stack};
	const struct golang_shape *shapes = state->types.shapes.at;
	enum golang_walk nearest = GOLANG_WALK_SHAPE;
	state->totals.candidates++;
	if (!golang_header_read(&state->heap, address, &found.header) || !has_seed(state, address))
		return 0;
	found.first_choice = (uint32_t)state->choices.count;
	for (size_t i = 0; i < state->types.shapes.count; i++) {
		struct golang_header header = found.header;
		struct golang_census census;
		enum golang_walk outcome = golang_walk(&state->heap, &shapes[i], &header, NULL,
		                                       &census);
		size_t before = state->choices.count;
		if (outcome == GOLANG_WALK_LATE || golang_tick(&state->deadline)) { /* unproved */
			state->choices.count = found.first_choice;
			return 0;
		}
		if (outcome != GOLANG_WALK_DONE) {
			if (outcome > nearest)
				nearest = outcome;
			if (header.group_type)
				found.header.group_type = header.group_type;
			continue;
		}
		if (add_choices(state, &shapes[i], header.group_type) != 0)
			return -1;
		if (state->choices.count == before)
			continue;
		found.header = header;
		found.census = census;
	}
	if (state->choices.count == found.first_choice)
		return leave(state, &found.header, nearest);
	if (golang_choices_end(state, &found, found.first_choice) != 0)
		return 0;
	struct golang_found *kept = array_add(&state->found, sizeof *kept, 1);
	if (!kept)
		return -1;
	*kept = found;
	return 0;
}

static int
search_span(struct golang_state *state, const struct golang_span *span)
{
	for (uint64_t i = 0; i < span->objects && !golang_tick(&state->deadline); i++) {
		if (!golang_is_allocated(&state->heap, span, i))
			continue;
		if (consider(state, span->start + i * span->object_size, false) != 0)
			return -1;
	}
	return 0;
}

static int
search_stack(struct golang_state *state, const struct golang_stack *stack)
{
	for (uint64_t at = stack->low;
	     at + GOLANG_HEADER_SIZE <= stack->high && !golang_tick(&state->deadline); at += 8)
		if (consider(state, at, true) != 0)
			return -1;
	return 0;
}

static int
compare_found(const void *a, const void *b)
{
	const struct golang_found *x = a, *y = b;
	return x->header.address < y->header.address ? -1 : x->header.address > y->header.address;
}

int
golang_maps_find(struct golang_state *state)
{
	const struct golang_span *spans = state->heap.spans.at;
	const struct golang_stack *stacks = state->stacks.at;
	if (golang_choices_open(state) != 0)
		return -1;
	for (size_t i = 0; i < state->heap.spans.count && !golang_tick(&state->deadline); i++)
		if (spans[i].object_size == GOLANG_HEADER_SIZE &&
		    golang_span_has_pointers(&spans[i]) && search_span(state, &spans[i]) != 0)
			return -1;
	for (size_t i = 0; i < state->stacks.count && !golang_tick(&state->deadline); i++)
		if (search_stack(state, &stacks[i]) != 0)
			return -1;
	array_sort(&state->found, sizeof(struct golang_found), compare_found);
	return 0;
}
