/*
 * A profile's guard: what its proof demands of single fields of the header up to its first look at
 * a block. The header search asks it for every word that can be an anchor, so it is a short table
 * that is read off the compiled steps, not a run of them.
 *
 *     field flags u8 at header + 8
 *     field B     u8 at header + 9
 *     require flags < 16 && B <= 40        -->   u8 at 8: 0 to 15, u8 at 9: 0 to 40
 *     let slots = 1 << B
 *     require size(buckets) == 8 * slots   -->   the anchor's block has 8 << u8 at 9 bytes
 *     let mask = is_old ? first : second
 *     require pow2(mask + 1)               -->   of one of the two words plus 1, pow2
 *
 * What must never break: a guard that says no stands for a requirement that is not true. What it
 * cannot express it leaves out.
 */
#include "profiles/evaluate.h"

#include "profiles/operation.h"

enum { LETS_MAX = 4 }; /* that lead from a name to a field */

/* The step before this one that gives the name its value, or NULL: it is a fixed one or an
 * anchor's. */
static const struct profile_step *
definition_of(const struct profile *profile, const struct profile_step *before, uint16_t name)
{
	for (const struct profile_step *step = profile->steps; step < before; step++)
		if ((step->kind == PROFILE_STEP_FIELD || step->kind == PROFILE_STEP_LET) &&
		    step->target == name)
			return step;
	return NULL;
}

static bool
add_operand(struct profile_test *test, enum profile_type type, int64_t offset)
{
	static const struct { uint8_t bytes; bool is_signed; } kinds[] = {
		[PROFILE_U8] = {1, false}, [PROFILE_I8] = {1, true},
		[PROFILE_U16] = {2, false}, [PROFILE_I16] = {2, true},
		[PROFILE_U32] = {4, false}, [PROFILE_I32] = {4, true},
		[PROFILE_U64] = {8, true}, [PROFILE_I64] = {8, true}, [PROFILE_PTR] = {8, true},
	};
	if (offset < INT16_MIN || offset > INT16_MAX || kinds[type].bytes == 0 ||
	    test->operand_count == 2)
		return false;
	test->operands[test->operand_count++] = (struct profile_operand){
		.offset = (int16_t)offset, .bytes = kinds[type].bytes,
		.is_signed = kinds[type].is_signed,
	};
	return true;
}

static bool
read_anchor(const struct profile *profile, uint16_t name, struct profile_test *test)
{
	for (uint16_t i = 0; i < profile->anchor_count; i++)
		if (profile->anchors[i].name == name)
			return add_operand(test, PROFILE_PTR, profile->anchors[i].offset);
	return false;
}

static bool
make_exponent(struct profile_test *test)
{
	struct profile_operand *operand = &test->operands[0];
	if (test->operand_count != 1 || operand->is_exponent || operand->plus != 0)
		return false;
	operand->is_exponent = true;
	return true;
}

static bool
add_to_all(struct profile_test *test, int64_t plus)
{
	for (uint16_t i = 0; i < test->operand_count; i++)
		if (__builtin_add_overflow(test->operands[i].plus, plus, &test->operands[i].plus))
			return false;
	return true;
}

static bool
is_code(const struct profile_instruction *code, uint16_t length, const uint8_t *operations,
        size_t count)
{
	if (length != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (code[i].operation != operations[i])
			return false;
	return true;
}

/* Adds the integers of the header that a name can stand for: a field, an anchor's word, or what
 * lets make of them by these shapes: `a`, `1 << a`, `a + N`, `x ? a : b`. */
static bool
read_name(const struct profile *profile, const struct profile_step *before, uint16_t name,
          unsigned lets, struct profile_test *test)
{
	static const uint8_t exponent[] = {OPERATION_INTEGER, OPERATION_NAME, OPERATION_SHIFT_LEFT};
	static const uint8_t sum[] = {OPERATION_NAME, OPERATION_WITH_INTEGER};
	static const uint8_t choice[] = {OPERATION_NAME, OPERATION_UNLESS, OPERATION_NAME,
		OPERATION_JUMP, OPERATION_NAME};
	const struct profile_step *step = definition_of(profile, before, name);
	if (!step)
		return read_anchor(profile, name, test);
	if (step->kind == PROFILE_STEP_FIELD)
		return step->is_at_header && add_operand(test, step->type, step->offset);
	const struct profile_instruction *code = &profile->code[step->value.start];
	uint16_t length = step->value.length;
	if (lets == LETS_MAX)
		return false;
	lets++;
	if (is_code(code, length, exponent, sizeof exponent))
		return code[0].immediate == 1 &&
		       read_name(profile, step, code[1].operand, lets, test) && make_exponent(test);
	if (is_code(code, length, sum, sizeof sum))
		return code[1].operand == OPERATION_ADD &&
		       read_name(profile, step, code[0].operand, lets, test) &&
		       add_to_all(test, code[1].immediate);
	return is_code(code, length, choice, sizeof choice) &&
	       read_name(profile, step, code[2].operand, lets, test) &&
	       read_name(profile, step, code[4].operand, lets, test);
}

static bool
set_range(struct profile_test *test, uint16_t comparison, int64_t with)
{
	switch (comparison) {
	case OPERATION_EQUAL:         test->least = test->most = with; return true;
	case OPERATION_GREATER_EQUAL: test->least = with; return true;
	case OPERATION_LESS_EQUAL:    test->most = with; return true;
	case OPERATION_GREATER:       return !__builtin_add_overflow(with, 1, &test->least);
	case OPERATION_LESS:          return !__builtin_sub_overflow(with, 1, &test->most);
	default:                      return false;
	}
}

static bool
set_test(struct profile_test *test, const struct profile_instruction *code)
{
	switch (code->operation) {
	case OPERATION_WITH_INTEGER:
		test->kind = PROFILE_TEST_RANGE;
		return set_range(test, code->operand, code->immediate);
	case OPERATION_IS_POW2:
		test->kind = PROFILE_TEST_POW2;
		return true;
	case OPERATION_MEMBER:
		test->kind = PROFILE_TEST_MEMBER;
		test->list = code->operand;
		return true;
	default:
		return false;
	}
}

/* `NAME f`, perhaps a sum, and one instruction that tests it. Returns how many instructions that
 * is, or 0. */
static uint16_t
read_test(const struct profile *profile, const struct profile_step *step,
          const struct profile_instruction *code, uint16_t left, struct profile_test *test)
{
	uint16_t at = 1;
	*test = (struct profile_test){
		.name = code[0].operand, .least = INT64_MIN, .most = INT64_MAX,
	};
	if (left < 2 || code[0].operation != OPERATION_NAME ||
	    !read_name(profile, step, code[0].operand, 0, test))
		return 0;
	if (code[1].operation == OPERATION_WITH_INTEGER && code[1].operand == OPERATION_ADD) {
		if (left < 3 || !add_to_all(test, code[1].immediate))
			return 0;
		at = 2;
	}
	return set_test(test, &code[at]) ? (uint16_t)(at + 1) : 0;
}

/* The anchor whose word is a block's start, by the name of that word. */
static bool
find_anchor(const struct profile *profile, uint16_t name, uint8_t *anchor)
{
	for (uint8_t i = 0; i < profile->anchor_count; i++) {
		*anchor = i;
		if (profile->anchors[i].name == name)
			return profile->anchors[i].points == PROFILE_POINTS_BASE &&
			       profile->anchors[i].plus == 0;
	}
	return false;
}

/* `size(anchor) == N * f` and `f == N * size(anchor)`. */
static bool
read_size_test(const struct profile *profile, const struct profile_step *step,
               struct profile_test *test)
{
	static const uint8_t whole[] = {OPERATION_NAME, OPERATION_SIZE, OPERATION_INTEGER,
		OPERATION_NAME, OPERATION_MULTIPLY, OPERATION_EQUAL};
	static const uint8_t part[] = {OPERATION_NAME, OPERATION_INTEGER, OPERATION_NAME,
		OPERATION_SIZE, OPERATION_MULTIPLY, OPERATION_EQUAL};
	const struct profile_instruction *code = &profile->code[step->value.start];
	*test = (struct profile_test){0};
	if (is_code(code, step->value.length, whole, sizeof whole)) {
		test->kind = PROFILE_TEST_SIZE;
		test->times = code[2].immediate;
		return find_anchor(profile, code[0].operand, &test->anchor) &&
		       read_name(profile, step, code[3].operand, 0, test);
	}
	test->kind = PROFILE_TEST_OF_SIZE;
	test->times = code[1].immediate;
	return is_code(code, step->value.length, part, sizeof part) &&
	       find_anchor(profile, code[2].operand, &test->anchor) &&
	       read_name(profile, step, code[0].operand, 0, test);
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

/* Makes one test of two that a value has to pass, so that of two words one has to pass both. */
static bool
merge(struct profile_test *into, const struct profile_test *from)
{
	if (into->name != from->name || into->kind > PROFILE_TEST_MEMBER ||
	    into->operands[0].plus != from->operands[0].plus ||
	    (into->kind != PROFILE_TEST_RANGE && from->kind != PROFILE_TEST_RANGE))
		return false;
	if (into->kind == PROFILE_TEST_RANGE) {
		into->kind = from->kind;
		into->list = from->list;
	}
	into->least = from->least > into->least ? from->least : into->least;
	into->most = from->most < into->most ? from->most : into->most;
	return true;
}

static void
add_test(struct profile *profile, const struct profile_test *test)
{
	for (uint16_t i = 0; i < profile->test_count; i++)
		if (merge(&profile->tests[i], test))
			return;
	profile->tests[profile->test_count++] = *test;
}

/* Takes the tests that this requirement begins with: `test && test && ...`. */
static void
read_requirement(struct profile *profile, const struct profile_step *step)
{
	uint16_t at = step->value.start, end = (uint16_t)(at + step->value.length);
	while (at < end && profile->test_count < PROFILE_TESTS_MAX) {
		struct profile_test test;
		uint16_t length = read_test(profile, step, &profile->code[at],
		                            (uint16_t)(end - at), &test);
		at = (uint16_t)(at + length);
		if (length == 0 || !stays_false(profile, at, end))
			return;
		add_test(profile, &test);
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
