/*
 * Glances, read off the tests of a profile's guard; see glance.h. Sums wrap here where the guard
 * refuses what overflows: that lets more pass, never less.
 */
#include "finder/glance.h"

enum { WORD_BITS = 64 };

/* One field, or two that are read alike. */
static bool
set_field(struct glance_test *out, const struct profile_test *test,
          const struct profile_anchor *anchor)
{
	const struct profile_operand *first = &test->operands[0];
	for (uint16_t i = 0; i < test->operand_count; i++) {
		const struct profile_operand *operand = &test->operands[i];
		int64_t at = (int64_t)operand->offset - anchor->offset;
		if (operand->is_exponent || operand->bytes != first->bytes ||
		    operand->is_signed != first->is_signed || operand->plus != first->plus ||
		    at < -GLANCE_REACH || at > GLANCE_REACH - (int64_t)sizeof(uint64_t))
			return false;
		out->at[i] = (int16_t)at;
	}
	if (test->operand_count == 1)
		out->at[1] = out->at[0];
	out->mask = UINT64_MAX >> (64 - 8 * first->bytes);
	out->sign = first->is_signed ? out->mask & ~(out->mask >> 1) : 0;
	out->plus = (uint64_t)first->plus - out->sign;
	return true;
}

static void
set_range(struct glance_test *out, int64_t least, int64_t most)
{
	out->least = (uint64_t)least;
	out->span = (uint64_t)most - (uint64_t)least;
}

/* False: it says nothing of this anchor. */
static bool
set_demand(struct glance_test *out, const struct profile_test *test, uint8_t anchor)
{
	set_range(out, INT64_MIN, INT64_MAX);
	switch ((enum profile_test_kind)test->kind) {
	case PROFILE_TEST_POW2:
		out->pow2 = UINT64_MAX;
		set_range(out, test->least > 1 ? test->least : 1, test->most);
		return test->most >= 1;
	case PROFILE_TEST_RANGE:
	case PROFILE_TEST_MEMBER:
		set_range(out, test->least, test->most);
		return test->least <= test->most;
	case PROFILE_TEST_SIZE:
		out->times = (uint64_t)test->times;
		out->size_times = 1;
		return test->anchor == anchor;
	case PROFILE_TEST_OF_SIZE:
		out->times = 1;
		out->size_times = (uint64_t)test->times;
		return test->anchor == anchor;
	}
	return false;
}

void
glance_compile(struct glance *glance, const struct profile *profile, uint8_t anchor)
{
	*glance = (struct glance){0};
	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		return; /* a field is taken for the low end of a word */
	for (uint16_t i = 0; i < profile->test_count && glance->count < GLANCE_TESTS; i++) {
		struct glance_test test = {0};
		if (set_field(&test, &profile->tests[i], &profile->anchors[anchor]) &&
		    set_demand(&test, &profile->tests[i], anchor))
			glance->tests[glance->count++] = test;
	}
}

/* How many values pass, less one, from *least on, for blocks of this size and as far as the field
 * can hold them. False: none. */
static bool
range_for(const struct glance_test *test, uint64_t size, uint64_t *least, uint64_t *span)
{
	int64_t from = (int64_t)test->plus, to = (int64_t)(test->plus + test->mask);
	int64_t low = (int64_t)test->least, high = (int64_t)(test->least + test->span);
	int64_t times = (int64_t)test->times, whole;
	if (times > 0 && size != GLANCE_ANY_SIZE) {
		int64_t size_times = (int64_t)test->size_times;
		if (__builtin_mul_overflow((int64_t)size, size_times, &whole) || whole % times)
			return false;
		low = high = whole / times;
	}
	if (from <= to) {
		low = low > from ? low : from;
		high = high < to ? high : to;
	}
	*least = (uint64_t)low;
	*span = (uint64_t)high - (uint64_t)low;
	return low <= high;
}

bool
glance_first(const struct glance *glance, uint64_t size, struct glance_first *out)
{
	uint64_t narrowest = UINT64_MAX;
	for (size_t i = 0; i < glance->count; i++) {
		const struct glance_test *test = &glance->tests[i];
		uint64_t least, span, values;
		if (!range_for(test, size, &least, &span)) {
			*out = (struct glance_first){.least = 1};
			return true;
		}
		values = test->pow2 && span > WORD_BITS ? WORD_BITS : span;
		if (test->at[0] != test->at[1] || values >= narrowest)
			continue;
		narrowest = values;
		*out = (struct glance_first){
			.mask = test->mask, .sign = test->sign, .plus = test->plus, .least = least,
			.span = span, .pow2 = test->pow2, .at = test->at[0],
		};
	}
	return narrowest != UINT64_MAX;
}
