/* Flattens types into plans; see plan.h. */
#include "golang/plan.h"

#include "golang/word.h"

#include <string.h>

enum {
	DEPTH_MAX = 16,
	METHODS_AT = 64,
	SIZE_MAX_PLANNED = 1 << 24,
	STEPS_MAX = 1 << 16, /* fields and elements of one plan: a hostile struct may hold itself */
};

int
golang_plans_open(struct golang_plans *plans, const struct golang_types *types)
{
	uint64_t size = types->image->types_end - types->image->types;
	memset(plans, 0, sizeof *plans);
	plans->types = types;
	plans->by_type = array_map((size / 8 + 1) * sizeof *plans->by_type);
	return plans->by_type ? 0 : -1;
}

void
golang_plans_close(struct golang_plans *plans)
{
	array_unmap(plans->by_type);
	array_release(&plans->plans);
	array_release(&plans->slots);
}

static bool
add_slot(struct golang_plans *plans, const struct golang_plan *plan, const struct golang_type *type,
         uint64_t offset)
{
	struct golang_type element = *type;
	if (plans->slots.count - plan->first >= GOLANG_SLOTS_MAX)
		return false;
	if (type->kind == GOLANG_POINTER || type->kind == GOLANG_SLICE) {
		if (!golang_type_element(plans->types, type, &element))
			return false;
		if (element.pointer_bytes == 0)
			return true;
	}
	struct golang_slot *slot = array_add(&plans->slots, sizeof *slot, 1);
	if (!slot)
		return false;
	slot->offset = (uint32_t)offset;
	slot->kind = type->kind;
	slot->element = element.address;
	slot->element_size = element.size;
	if (type->kind == GOLANG_INTERFACE)
		slot->is_empty = word_at(plans->types->memory, type->address + METHODS_AT) == 0;
	return true;
}

/* False once there is no room, or too much to look at: what follows is left out. */
static bool
add_type(struct golang_plans *plans, const struct golang_plan *plan, const struct golang_type *type,
         uint64_t offset, unsigned depth, unsigned *steps)
{
	struct golang_type inner;
	uint64_t at;
	if (*steps == 0 || golang_tick(plans->types->image->deadline))
		return false;
	--*steps;
	if (type->pointer_bytes == 0 || depth > DEPTH_MAX || type->size > SIZE_MAX_PLANNED)
		return true;
	switch (type->kind) {
	case GOLANG_POINTER:
	case GOLANG_SLICE:
	case GOLANG_MAP:
	case GOLANG_INTERFACE:
		return add_slot(plans, plan, type, offset);
	case GOLANG_ARRAY:
		if (!golang_type_element(plans->types, type, &inner) || inner.size == 0 ||
		    inner.pointer_bytes == 0)
			return true;
		for (uint64_t i = 0; i < type->size / inner.size; i++)
			if (!add_type(plans, plan, &inner, offset + i * inner.size, depth + 1,
			              steps))
				return false;
		return true;
	case GOLANG_STRUCT:
		for (uint64_t i = 0; golang_type_field(plans->types, type, i, &inner, &at); i++)
			if (!add_type(plans, plan, &inner, offset + at, depth + 1, steps))
				return false;
		return true;
	}
	return true;
}

const struct golang_plan *
golang_plan_of(struct golang_plans *plans, uint64_t address)
{
	struct golang_type type;
	unsigned steps = STEPS_MAX;
	if (!golang_type_read(plans->types, address, &type))
		return NULL;
	uint32_t *number = &plans->by_type[(address - plans->types->image->types) / 8];
	if (*number == 0) {
		struct golang_plan *plan = array_add(&plans->plans, sizeof *plan, 1);
		if (!plan)
			return NULL;
		*plan = (struct golang_plan){
			.first = (uint32_t)plans->slots.count, .size = type.size,
		};
		*number = (uint32_t)plans->plans.count;
		add_type(plans, plan, &type, 0, 0, &steps);
		plan->count = (uint32_t)plans->slots.count - plan->first;
	}
	return (const struct golang_plan *)plans->plans.at + (*number - 1);
}
