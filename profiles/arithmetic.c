/*
 * Arithmetic of expressions that is more than an instruction of the processor: reals, and integers
 * whose result may not exist. evaluate.c and whole.c call it from their loops.
 *
 * Nothing is assumed of the operands: each returns false where there is no exact 64-bit integer, or
 * no finite real. No libm, which the guest may not have.
 */
#include "profiles/arithmetic.h"

#include "profiles/evaluate.h"
#include "profiles/operation.h"

static struct profile_value
integer(int64_t value)
{
	return (struct profile_value){.integer = value};
}

static double
as_real(struct profile_value value)
{
	return value.is_real ? value.real : (double)value.integer;
}

/* No infinities: what follows from them means nothing. NaN fails too. */
bool
arithmetic_set_real(struct profile_value *out, double real)
{
	*out = (struct profile_value){.is_real = true, .real = real};
	return real >= -__DBL_MAX__ && real <= __DBL_MAX__;
}

/* The integer at or below (above) a real; without libm, which the guest may not have. */
static bool
whole(struct profile_value *value, bool upwards)
{
	if (!value->is_real)
		return true;
	double real = value->real;
	if (real < -9223372036854775808.0 || real >= 9223372036854775808.0)
		return false;
	int64_t cut = (int64_t)real;
	if (upwards && (double)cut < real)
		cut++;
	if (!upwards && (double)cut > real)
		cut--;
	*value = (struct profile_value){.integer = cut};
	return true;
}

bool
arithmetic_ceil_pow2(int64_t value, int64_t *out)
{
	if (value > INT64_C(1) << 62)
		return false;
	*out = value <= 1 ? 1 : INT64_C(1) << (64 - __builtin_clzll((uint64_t)value - 1));
	return true;
}

/* The place of the smallest member that is at least `value`; list_count if there is none. */
static uint16_t
list_find(const int64_t *numbers, uint16_t count, int64_t value)
{
	uint16_t low = 0, high = count;
	while (low < high) {
		uint16_t middle = (uint16_t)((low + high) / 2);
		if (numbers[middle] < value)
			low = (uint16_t)(middle + 1);
		else
			high = middle;
	}
	return low;
}

bool
evaluate_is_member(const struct profile *profile, uint16_t list, int64_t number)
{
	const int64_t *numbers = profile->numbers + profile->lists[list].start;
	uint16_t at = list_find(numbers, profile->lists[list].count, number);
	return at < profile->lists[list].count && numbers[at] == number;
}

bool
arithmetic_list(const struct profile *profile, const struct profile_instruction *code,
                int64_t *value)
{
	const int64_t *numbers = profile->numbers + profile->lists[code->operand].start;
	uint16_t count = profile->lists[code->operand].count;
	if (code->operation == OPERATION_MEMBER) {
		*value = evaluate_is_member(profile, code->operand, *value);
		return true;
	}
	uint16_t at = list_find(numbers, count, *value);
	if (at == count)
		return false;
	*value = numbers[at];
	return true;
}

/* Of a real. */
bool
arithmetic_unary_real(const struct profile_instruction *code, struct profile_value *top)
{
	switch (code->operation) {
	case OPERATION_NEGATE: return arithmetic_set_real(top, -top->real);
	case OPERATION_NOT:    *top = integer(top->real == 0); return true;
	case OPERATION_TRUTH:  *top = integer(top->real != 0); return true;
	case OPERATION_FLOOR:  return whole(top, false);
	case OPERATION_CEIL:   return whole(top, true);
	case OPERATION_SINGLE: return arithmetic_set_real(top, (double)(float)top->real);
	default:               return false;
	}
}

bool
arithmetic_align(int64_t value, int64_t to, int64_t *out)
{
	int64_t raised;
	if (value < 0 || to <= 0 || __builtin_add_overflow(value, to - 1, &raised))
		return false;
	*out = raised - raised % to;
	return true;
}

bool
arithmetic_binary_real(int operation, struct profile_value *first,
                       const struct profile_value *second)
{
	double a = as_real(*first), b = as_real(*second);
	switch (operation) {
	case OPERATION_MULTIPLY:      return arithmetic_set_real(first, a * b);
	case OPERATION_DIVIDE:        return b != 0 && arithmetic_set_real(first, a / b);
	case OPERATION_ADD:           return arithmetic_set_real(first, a + b);
	case OPERATION_SUBTRACT:      return arithmetic_set_real(first, a - b);
	case OPERATION_LESS:          *first = integer(a < b); return true;
	case OPERATION_LESS_EQUAL:    *first = integer(a <= b); return true;
	case OPERATION_GREATER:       *first = integer(a > b); return true;
	case OPERATION_GREATER_EQUAL: *first = integer(a >= b); return true;
	case OPERATION_EQUAL:         *first = integer(a == b); return true;
	case OPERATION_UNEQUAL:       *first = integer(a != b); return true;
	case OPERATION_MIN:           return arithmetic_set_real(first, a < b ? a : b);
	case OPERATION_MAX:           return arithmetic_set_real(first, a > b ? a : b);
	default:                      return false; /* bits of a real mean nothing */
	}
}
