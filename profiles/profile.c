/*
 * A compiled profile at work: evaluating its expressions and running its steps for one candidate.
 * The public side (profile.h) of evaluate.c.
 */
#include "profiles/profile.h"

#include "profiles/evaluate.h"

static struct evaluation
evaluation_of(const struct profile *profile, const struct profile_scope *scope,
              const struct profile_memory *memory)
{
	return (struct evaluation){profile, scope->values, scope->known, scope->walks, memory};
}

bool
profile_evaluate(const struct profile *profile, struct profile_expression expression,
                 const struct profile_scope *scope, const struct profile_memory *memory,
                 struct profile_value *out)
{
	struct evaluation in = evaluation_of(profile, scope, memory);
	return evaluate(&in, expression, out);
}

static bool
as_unsigned(struct profile_value value, uint64_t *out)
{
	if (!value.is_real) {
		*out = (uint64_t)value.integer;
		return value.integer >= 0;
	}
	if (!(value.real >= 0 && value.real < 9223372036854775808.0))
		return false;
	*out = (uint64_t)value.real;
	return true;
}

bool
profile_evaluate_unsigned(const struct profile *profile, struct profile_expression expression,
                          const struct profile_scope *scope, const struct profile_memory *memory,
                          uint64_t *out)
{
	struct profile_value value;
	return profile_evaluate(profile, expression, scope, memory, &value) &&
	       as_unsigned(value, out);
}

bool
evaluate_size_holds(const struct profile *profile, struct profile_expression condition,
                    uint64_t size)
{
	struct profile_value values[PROFILE_NAMES_FIXED] = {{0}}, holds;
	uint8_t known[PROFILE_NAMES_FIXED] = {[PROFILE_NAME_COUNT] = true};
	values[PROFILE_NAME_COUNT].integer = (int64_t)size;
	struct evaluation in = {.profile = profile, .values = values, .known = known};
	return evaluate(&in, condition, &holds) && evaluate_is_true(holds);
}

bool
profile_anchor_fits(const struct profile *profile, const struct profile_anchor *anchor,
                    uint64_t size)
{
	return size >= profile->minimum &&
	       (anchor->size.length == 0 || evaluate_size_holds(profile, anchor->size, size));
}

/* Member by member, as in evaluate.c: the value was written so a moment ago. */
static inline void
set(struct profile_scope *scope, uint16_t name, const struct profile_value *value)
{
	scope->values[name].is_real = value->is_real;
	scope->values[name].integer = value->integer;
	scope->known[name] = true;
}

/* Goes on while the condition is true; one that does not end in PROFILE_LOOP_MAX turns refuses. */
static bool
run_loop(const struct evaluation *in, const struct profile_step *step, struct profile_scope *scope)
{
	struct profile_value value, goes_on;
	if (!evaluate(in, step->value, &value))
		return false;
	for (int turn = 0; turn <= PROFILE_LOOP_MAX; turn++) {
		set(scope, step->target, &value);
		if (!evaluate(in, step->condition, &goes_on))
			return false;
		if (!evaluate_is_true(goes_on))
			return true;
		if (!evaluate(in, step->next, &value))
			return false;
	}
	return false;
}

static bool
field_address(const struct evaluation *in, const struct profile_step *step, int64_t *out)
{
	struct profile_value value;
	if (step->is_at_header)
		return in->known[PROFILE_NAME_HEADER] &&
		       !__builtin_add_overflow(in->values[PROFILE_NAME_HEADER].integer,
		                               step->offset, out);
	if (!evaluate(in, step->value, &value) || value.is_real)
		return false;
	*out = value.integer;
	return true;
}

/* A field, or what follows from an expression. */
static bool
value_of(const struct evaluation *in, const struct profile_step *step, struct profile_value *out)
{
	int64_t address;
	if (step->kind != PROFILE_STEP_FIELD)
		return evaluate(in, step->value, out);
	return field_address(in, step, &address) &&
	       evaluate_read(in->memory, step->type, (uint64_t)address, out);
}

bool
profile_run_step(const struct profile *profile, const struct profile_step *step,
                 struct profile_scope *scope, const struct profile_memory *memory)
{
	struct evaluation in = evaluation_of(profile, scope, memory);
	struct profile_value value;
	uint64_t count;
	if (step->kind == PROFILE_STEP_LOOP)
		return run_loop(&in, step, scope);
	if (!value_of(&in, step, &value))
		return false;
	if (step->kind == PROFILE_STEP_REQUIRE) {
		bool is_true = evaluate_is_true(value);
		scope->is_sized |= is_true && memory != NULL && memory->told_block;
		return is_true;
	}
	if (step->kind == PROFILE_STEP_COUNT) {
		if (!as_unsigned(value, &count))
			return false;
		value = (struct profile_value){.integer = (int64_t)count};
	}
	set(scope, step->target, &value);
	return true;
}

uint16_t
profile_run_row(const struct profile *profile, const struct profile_step *step,
                struct profile_scope *scope, const struct profile_memory *memory)
{
	struct evaluation in = evaluation_of(profile, scope, memory);
	return step->row ? evaluate_row(&in, step, scope)
	                 : profile_run_step(profile, step, scope, memory);
}
