/*
 * Asks a profile's guard about one guessed header; guard.c reads guards off the steps. Called by
 * the header search for every word that can be an anchor by its block's size, so it runs no code:
 * each test is a load and a comparison, and the first that fails ends it.
 *
 * What must never break: where a guard says no, some requirement of the profile is not true or has
 * no value.
 */
#include "profiles/evaluate.h"

static inline bool
is_true(const struct profile *profile, const struct profile_test *test, int64_t value,
        uint64_t size)
{
	int64_t product;
	if (test->kind <= PROFILE_TEST_MEMBER && (value < test->least || value > test->most))
		return false;
	switch ((enum profile_test_kind)test->kind) {
	case PROFILE_TEST_RANGE:
		return true;
	case PROFILE_TEST_POW2:
		return value > 0 && (value & (value - 1)) == 0;
	case PROFILE_TEST_MEMBER:
		return evaluate_is_member(profile, test->list, value);
	case PROFILE_TEST_SIZE:
		return !__builtin_mul_overflow(value, test->times, &product) &&
		       (uint64_t)product == size;
	case PROFILE_TEST_OF_SIZE:
		return !__builtin_mul_overflow((int64_t)size, test->times, &product) &&
		       product == value;
	}
	return true;
}

/* The bytes of an integer, whatever a sanitizer thinks of them. */
__attribute__((no_sanitize("address", "thread"))) static inline bool
read_bytes(const struct profile_memory *memory, uint64_t address, unsigned bytes, uint64_t *out)
{
	const union evaluate_raw *raw = (const union evaluate_raw *)(uintptr_t)address;
	union evaluate_raw copy;
	if (__builtin_expect(!evaluate_is_in_window(memory, address, bytes), 0)) {
		if (!memory->read(memory->context, address, &copy, bytes))
			return false;
		raw = &copy;
	}
	*out = bytes == 8 ? (uint64_t)raw->i64
	     : bytes == 4 ? raw->u32
	     : bytes == 2 ? raw->u16 : raw->u8;
	return true;
}

/* False: the expression has no value. */
static inline bool
read_operand(const struct profile_memory *memory, const struct profile_operand *operand,
             uint64_t header, int64_t *out)
{
	uint64_t raw;
	if (!read_bytes(memory, header + (uint64_t)(int64_t)operand->offset, operand->bytes, &raw))
		return false;
	unsigned spare = 64 - 8 * operand->bytes;
	int64_t value = operand->is_signed ? (int64_t)(raw << spare) >> spare : (int64_t)raw;
	if (operand->is_exponent) {
		if (value < 0 || value > 62)
			return false;
		value = INT64_C(1) << value;
	}
	return !__builtin_add_overflow(value, operand->plus, out);
}

bool
profile_may_hold(const struct profile *profile, const struct profile_memory *memory,
                 uint64_t header, uint8_t anchor, uint64_t size)
{
	for (uint16_t i = 0; i < profile->test_count; i++) {
		const struct profile_test *test = &profile->tests[i];
		bool holds = false;
		if (test->kind >= PROFILE_TEST_SIZE && test->anchor != anchor)
			continue;
		for (uint16_t k = 0; k < test->operand_count && !holds; k++) {
			int64_t value;
			holds = read_operand(memory, &test->operands[k], header, &value) &&
			        is_true(profile, test, value, size);
		}
		if (!holds)
			return false;
	}
	return true;
}
