/*
 * Spreads types through the heap: what an interface, a block that carries its type or a map of
 * known type holds has a known type, and so has what that leads to. A map that is reached so is of
 * the type that its pointer has, where that is among its choices.
 *
 *     interface words, type headers, maps of one choice --> values --> ... --> pointers to maps
 *
 * What must never break: each block is looked through as one type only, once, so the work is
 * bounded by the heap; and nothing is looked at beyond its block.
 */
#include "golang/plan.h"
#include "golang/state.h"
#include "golang/word.h"

#include <string.h>

enum {
	ELEMENTS_MAX = 1 << 20, /* of one block */
	PIECE = 4096,
};

struct value { /* `count` values of a type, one behind the other */
	uint64_t address, type, count;
};

struct spread {
	struct golang_visitor visitor; /* of a map's groups */
	struct golang_state *state;
	struct golang_plans plans;
	uint64_t *seen;       /* bits of blocks that have their type */
	struct array pending; /* struct value: never more than blocks and groups of one map */
	const struct golang_map_type *cells; /* type of the map that is being visited */
	bool is_failed;
};

static void
push(struct spread *spread, uint64_t address, uint64_t type, uint64_t count)
{
	struct value *value = array_add(&spread->pending, sizeof *value, 1);
	if (!value) {
		spread->is_failed = true;
		return;
	}
	*value = (struct value){address, type, count < ELEMENTS_MAX ? count : ELEMENTS_MAX};
}

/* Values of a type at the start of a block, as many as `count`: once for each block. */
static void
reach(struct spread *spread, uint64_t address, uint64_t type, uint64_t size, uint64_t count)
{
	struct golang_block block;
	if (size == 0 || !golang_block_of(&spread->state->heap, address, &block) ||
	    !golang_span_has_pointers(block.span) || golang_bit(spread->seen, block.number))
		return;
	uint64_t front = address - block.base;
	if (front != 0 && front != GOLANG_TYPE_HEADER)
		return;
	if (count > (block.span->object_size - front) / size)
		return;
	golang_bit_set(spread->seen, block.number);
	push(spread, address, type, count);
}

/* ---- maps */

static struct golang_found *
found_at(const struct golang_state *state, uint64_t address)
{
	struct golang_found *found = state->found.at;
	size_t count = state->found.count;
	size_t at = array_below(found, count, sizeof *found,
	                        offsetof(struct golang_found, header.address), address);
	return at < count && found[at].header.address == address ? &found[at] : NULL;
}

static void
reach_cell(struct spread *spread, const struct golang_part *part, uint64_t group, unsigned cell)
{
	uint64_t slot = group + part->offset + cell * part->stride;
	if (part->type.pointer_bytes == 0)
		return;
	if (part->is_indirect)
		reach(spread, word_at(spread->state->memory, slot), part->type.address,
		      part->type.size, 1);
	else
		push(spread, slot, part->type.address, 1);
}

static bool
visit_group(struct golang_visitor *visitor, const struct golang_group *group)
{
	struct spread *spread = (struct spread *)visitor;
	for (unsigned cell = 0; cell < GOLANG_CELLS; cell++)
		if (group->live >> cell & 1) {
			reach_cell(spread, &spread->cells->key, group->address, cell);
			reach_cell(spread, &spread->cells->value, group->address, cell);
		}
	return !spread->is_failed;
}

static void
reach_cells(struct spread *spread, struct golang_found *found)
{
	struct golang_census census;
	spread->cells = golang_choice(spread->state, found, 0);
	if (spread->cells->key.type.pointer_bytes == 0 &&
	    spread->cells->value.type.pointer_bytes == 0)
		return;
	golang_walk(&spread->state->heap, golang_shape_of(spread->state, spread->cells),
	            &found->header, &spread->visitor, &census);
}

/* A pointer to a map of this type leads here. */
static void
reach_map(struct spread *spread, uint64_t address, uint64_t type)
{
	struct golang_found *found = found_at(spread->state, address);
	if (!found || found->choices < 2)
		return;
	const struct golang_map_type *types = spread->state->types.maps.at;
	for (uint32_t i = 0; i < found->choices; i++) {
		const struct golang_map_type *choice = golang_choice(spread->state, found, i);
		if (choice->type.address != type)
			continue;
		golang_choices_one(found, (uint32_t)(choice - types));
		reach_cells(spread, found);
		return;
	}
}

/* ---- values */

/* An interface's two words: what it holds, and its type. */
static void
reach_interface(struct spread *spread, uint64_t type_address, uint64_t data)
{
	const struct golang_types *types = &spread->state->types;
	struct golang_type type, element;
	if (!golang_type_read(types, type_address, &type) || type.pointer_bytes == 0)
		return;
	if (!type.is_direct)
		reach(spread, data, type.address, type.size, 1);
	else if (type.kind == GOLANG_MAP)
		reach_map(spread, data, type.address);
	else if (type.kind == GOLANG_POINTER && golang_type_element(types, &type, &element) &&
	         element.pointer_bytes)
		reach(spread, data, element.address, element.size, 1);
}

/* The first word of an interface with methods leads to a record: its own type, the held one's. */
static uint64_t
held_type(const struct golang_state *state, uint64_t record)
{
	struct golang_type type;
	return record && record % 8 == 0 &&
	               golang_type_read(&state->types, word_at(state->memory, record), &type) &&
	               type.kind == GOLANG_INTERFACE
	           ? word_at(state->memory, record + 8)
	           : 0;
}

static void
look_at_slot(struct spread *spread, uint64_t value, const struct golang_slot *slot)
{
	struct memory *memory = spread->state->memory;
	uint64_t at = value + slot->offset, word = word_at(memory, at);
	if (word == 0)
		return;
	switch (slot->kind) {
	case GOLANG_POINTER:
		reach(spread, word, slot->element, slot->element_size, 1);
		return;
	case GOLANG_SLICE:
		reach(spread, word, slot->element, slot->element_size, word_at(memory, at + 8));
		return;
	case GOLANG_MAP:
		reach_map(spread, word, slot->element);
		return;
	case GOLANG_INTERFACE:
		reach_interface(spread, slot->is_empty ? word : held_type(spread->state, word),
		                word_at(memory, at + 8));
		return;
	}
}

static void
look_at_value(struct spread *spread, const struct value *value)
{
	const struct golang_plan *found = golang_plan_of(&spread->plans, value->type);
	if (!found)
		return;
	struct golang_plan plan = *found;
	for (uint64_t i = 0; i < value->count; i++)
		for (uint32_t k = 0; k < plan.count; k++) {
			if (golang_tick(&spread->state->deadline))
				return;
			struct golang_slot slot =
			    ((const struct golang_slot *)spread->plans.slots.at)[plan.first + k];
			look_at_slot(spread, value->address + i * plan.size, &slot);
		}
}

static bool
drain(struct spread *spread)
{
	while (spread->pending.count && !spread->is_failed) {
		struct value value =
		    ((const struct value *)spread->pending.at)[--spread->pending.count];
		if (golang_tick(&spread->state->deadline))
			return false;
		look_at_value(spread, &value);
	}
	return !spread->is_failed;
}

/* ---- where types are known from the start */

/* Two words that could be an interface's. What it would hold must be a block of just that size. */
static void
try_interface(struct spread *spread, uint64_t word, uint64_t data)
{
	const struct golang_state *state = spread->state;
	struct golang_type type, held;
	struct golang_block block;
	if (word < state->image.types || word >= state->image.end || word % 8)
		return;
	uint64_t address = held_type(state, word);
	if (!golang_type_read(&state->types, address ? address : word, &type) ||
	    type.pointer_bytes == 0)
		return;
	held = type;
	if (type.is_direct && type.kind == GOLANG_MAP) {
		reach_map(spread, data, type.address);
		return;
	}
	if (type.is_direct &&
	    (type.kind != GOLANG_POINTER || !golang_type_element(&state->types, &type, &held)))
		return;
	if (held.pointer_bytes &&
	    golang_is_block_of_size(&state->heap, data, held.size, true, &block))
		reach(spread, data, held.address, held.size, 1);
}

static void
try_words(struct spread *spread, uint64_t start, uint64_t end)
{
	uint64_t words[PIECE / 8 + 1];
	for (uint64_t at = (start + 7) & ~7ull;
	     at < end && end - at >= 16 && !golang_tick(&spread->state->deadline); at += PIECE) {
		uint64_t size = end - at < sizeof words ? (end - at) & ~7ull : sizeof words;
		if (memory_is_blank(spread->state->memory, at, size) ||
		    !memory_read(spread->state->memory, at, words, size))
			continue;
		for (size_t i = 0; 8 * i + 16 <= size; i++)
			if (words[i] && words[i + 1])
				try_interface(spread, words[i], words[i + 1]);
	}
}

/* A block that carries its type, as far as its size can be that of one or more such values. */
static void
try_carried(struct spread *spread, const struct golang_span *span, uint64_t base)
{
	const struct golang_state *state = spread->state;
	struct golang_block block = {.base = base, .span = span};
	struct golang_type type;
	uint64_t front = span->object_size > GOLANG_SMALL_MAX ? 0 : GOLANG_TYPE_HEADER;
	uint64_t room = span->object_size - front;
	uint64_t carried = golang_carried_type(&state->heap, &block, room);
	if (!golang_type_read(&state->types, carried, &type) || type.size == 0 ||
	    type.pointer_bytes == 0)
		return;
	reach(spread, base + front, carried, type.size, room / type.size);
}

static bool
try_span(struct spread *spread, const struct golang_span *span)
{
	const struct golang_state *state = spread->state;
	bool carries = state->image.release->has_type_headers &&
	               span->object_size > GOLANG_HEADER_MIN;
	if (!golang_span_has_pointers(span))
		return true;
	for (uint64_t i = 0; i < span->objects && !golang_tick(&spread->state->deadline); i++) {
		if (!golang_is_allocated(&state->heap, span, i))
			continue;
		uint64_t base = span->start + i * span->object_size;
		if (carries)
			try_carried(spread, span, base);
		else
			try_words(spread, base, base + span->object_size);
	}
	return drain(spread);
}

static bool
start_from_maps(struct spread *spread)
{
	struct golang_found *found = spread->state->found.at;
	for (size_t i = 0; i < spread->state->found.count; i++)
		if (found[i].choices == 1) {
			reach_cells(spread, &found[i]);
			if (!drain(spread))
				return false;
		}
	return true;
}

static bool
start_from_words(struct spread *spread)
{
	const struct golang_state *state = spread->state;
	const struct golang_span *spans = state->heap.spans.at;
	const struct golang_stack *stacks = state->stacks.at;
	try_words(spread, state->image.data, state->image.data_end);
	try_words(spread, state->image.bss, state->image.bss_end);
	for (size_t i = 0; i < state->stacks.count; i++)
		try_words(spread, stacks[i].low, stacks[i].high);
	if (!drain(spread))
		return false;
	for (size_t i = 0; i < state->heap.spans.count; i++)
		if (!try_span(spread, &spans[i]))
			return false;
	return true;
}

int
golang_typing_spread(struct golang_state *state)
{
	struct spread spread = {.visitor.visit_group = visit_group, .state = state};
	int result = -1;
	spread.seen = array_map(state->heap.block_count / 8 + 16);
	if (!spread.seen || golang_plans_open(&spread.plans, &state->types) != 0)
		goto out;
	if (start_from_maps(&spread))
		start_from_words(&spread);
	result = spread.is_failed ? -1 : 0;
out:
	array_unmap(spread.seen);
	array_release(&spread.pending);
	golang_plans_close(&spread.plans);
	return result;
}
