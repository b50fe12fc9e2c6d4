/*
 * A profile's guard: what its proof demands of single fields of the header up to its first look at a
 * block. The header search asks it for every word that can be an anchor, so it is a short table
 * that is read off the compiled steps, not a run of them.
 *
 *     field flags u8 at header + 8
 *     field B     u8 at header + 9
 *     require flags < 16 && B <= 40        -->   u8 at 8: 0 to 15, u8 at 9: 0 to 40
 *     require size(buckets) == 8 * slots   -->   the anchor's block has 8 times what lies there
 *
 * What must never break: a guard that says no stands for a requirement that is not true. What it
 * cannot express it leaves out.
 */
#include "profiles/evaluate.h"

#include "profiles/operation.h"

static const struct profile_step *
field_of(const struct profile *profile, const struct profile_step *before, uint16_t name)
{
	for (const struct profile_step *step = profile->steps; step < before; step++)
		if (step->kind == PROFILE_STEP_FIELD && step->target == name)
			return step->is_at_header && step->offset >= INT16_MIN &&
			       step->offset <= INT16_MAX ? step : NULL;
	return NULL;
}

static bool
is_real(const struct profile_step *field)
{
	return field->type == PROFILE_F32 || field->type == PROFILE_F64;
}

static bool
set_range(struct profile_test *test, uint16_t comparison, int64_t with)
{
	test->least = INT64_MIN;
	test->most = INT64_MAX;
	switch (comparison) {
	case OPERATION_EQUAL:         test->least = test->most = with; return true;
	case OPERATION_GREATER_EQUAL: test->least = with; return true;
	case OPERATION_LESS_EQUAL:    test->most = with; return true;
	case OPERATION_GREATER:       return !__builtin_add_overflow(with, 1, &test->least);
	case OPERATION_LESS:          return !__builtin_sub_overflow(with, 1, &test->most);
	default:                      return false;
	}
}

/* `NAME f` and one instruction that tests it. */
static bool
read_test(const struct profile *profile, const struct profile_step *step,
          const struct profile_instruction *code, struct profile_test *test)
{
	const struct profile_step *field;
	if (code[0].operation != OPERATION_NAME ||
	    !(field = field_of(profile, step, code[0].operand)) || is_real(field))
		return false;
	*test = (struct profile_test){.type = field->type, .offset = (int16_t)field->offset};
	switch (code[1].operation) {
	case OPERATION_WITH_INTEGER:
		test->kind = PROFILE_TEST_RANGE;
		return set_range(test, code[1].operand, code[1].immediate);
	case OPERATION_IS_POW2:
		test->kind = PROFILE_TEST_POW2;
		return true;
	case OPERATION_MEMBER:
		test->kind = PROFILE_TEST_MEMBER;
		test->list = code[1].operand;
		return true;
	default:
		return false;
	}
}

/* `size(anchor) == N * field`. */
static bool
read_size_test(const struct profile *profile, const struct profile_step *step,
               struct profile_test *test)
{
	const struct profile_instruction *code = &profile->code[step->value.start];
	const struct profile_step *field;
	uint16_t anchor = 0;
	while (anchor < profile->anchor_count && profile->anchors[anchor].name != code[0].operand)
		anchor++;
	if (step->value.length != 6 || code[0].operation != OPERATION_NAME ||
	    anchor == profile->anchor_count || code[1].operation != OPERATION_SIZE ||
	    code[2].operation != OPERATION_INTEGER || code[3].operation != OPERATION_NAME ||
	    code[4].operation != OPERATION_MULTIPLY || code[5].operation != OPERATION_EQUAL ||
	    !(field = field_of(profile, step, code[3].operand)) || is_real(field))
		return false;
	*test = (struct profile_test){
		.kind = PROFILE_TEST_SIZE, .type = field->type, .anchor = (uint8_t)anchor,
		.offset = (int16_t)field->offset, .times = code[2].immediate,
	};
	return profile->anchors[anchor].points == PROFILE_POINTS_BASE &&
	       profile->anchors[anchor].plus == 0;
}

/* The strongest of all, so it is asked first. */
static void
put_first(struct profile *profile, const struct profile_test *test)
{
	if (profile->test_count == PROFILE_TESTS_MAX)
		profile->test_count--;
	for (uint16_t i = profile->test_count++; i > 0; i--)
		profile->tests[i] = profile->tests[i - 1];
	profile->tests[0] = *test;
}

/* Whether a 0 on the stack before instruction `at` is all that the expression comes to. */
static bool
stays_false(const struct profile *profile, uint16_t at, uint16_t end)
{
	while (at < end) {
		const struct profile_instruction *code = &profile->code[at];
		if (code->operation == OPERATION_AND_THEN)
			at = code->operand;
		else if (code->operation == OPERATION_TRUTH)
			at++;
		else
			return false;
	}
	return true;
}

/* Takes the tests that this requirement begins with: `test && test && ...`. */
static void
read_requirement(struct profile *profile, const struct profile_step *step)
{
	uint16_t at = step->value.start, end = (uint16_t)(at + step->value.length);
	while (end - at >= 2 && profile->test_count < PROFILE_TESTS_MAX) {
		struct profile_test *test = &profile->tests[profile->test_count];
		if (!read_test(profile, step, &profile->code[at], test) ||
		    !stays_false(profile, (uint16_t)(at + 2), end))
			return;
		profile->test_count++;
		at += 2;
		while (at < end && (profile->code[at].operation == OPERATION_TRUTH ||
		                    profile->code[at].operation == OPERATION_AND_THEN))
			at++;
	}
}

static bool
asks_for_blocks(const struct profile *profile, struct profile_expression expression)
{
	for (uint16_t i = 0; i < expression.length; i++) {
		uint8_t operation = profile->code[expression.start + i].operation;
		if (operation == OPERATION_SIZE || operation == OPERATION_BASE)
			return true;
	}
	return false;
}

/* From the first look at a block on, a candidate that fails is told as refused. */
static bool
is_silent(const struct profile *profile, const struct profile_step *step)
{
	return step->kind != PROFILE_STEP_WALK && step->kind != PROFILE_STEP_COUNT &&
	       !asks_for_blocks(profile, step->value) &&
	       !asks_for_blocks(profile, step->condition) && !asks_for_blocks(profile, step->next);
}

void
guard_compile(struct profile *profile)
{
	for (uint16_t i = 0; i < profile->step_count; i++) {
		const struct profile_step *step = &profile->steps[i];
		struct profile_test test;
		if (step->kind == PROFILE_STEP_REQUIRE)
			read_requirement(profile, step);
		if (is_silent(profile, step))
			continue;
		if (step->kind == PROFILE_STEP_REQUIRE && read_size_test(profile, step, &test))
			put_first(profile, &test);
		return;
	}
}

static bool
is_true(const struct profile *profile, const struct profile_test *test, int64_t value,
        uint64_t size)
{
	int64_t wanted;
	switch ((enum profile_test_kind)test->kind) {
	case PROFILE_TEST_RANGE:
		return value >= test->least && value <= test->most;
	case PROFILE_TEST_POW2:
		return value > 0 && (value & (value - 1)) == 0;
	case PROFILE_TEST_MEMBER:
		return evaluate_is_member(profile, test->list, value);
	case PROFILE_TEST_SIZE:
		return !__builtin_mul_overflow(value, test->times, &wanted) &&
		       (uint64_t)wanted == size;
	}
	return true;
}

bool
profile_may_hold(const struct profile *profile, const struct profile_memory *memory,
                 uint64_t header, uint8_t anchor, uint64_t size)
{
	for (uint16_t i = 0; i < profile->test_count; i++) {
		const struct profile_test *test = &profile->tests[i];
		struct profile_value value;
		if (test->kind == PROFILE_TEST_SIZE && test->anchor != anchor)
			continue;
		if (!evaluate_read(memory, test->type, header + (uint64_t)(int64_t)test->offset,
		                   &value) ||
		    !is_true(profile, test, value.integer, size))
			return false;
	}
	return true;
}
