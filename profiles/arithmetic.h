/*
 * Arithmetic of expressions for evaluate.c and whole.c. All return false where there is no exact
 * result.
 */
#ifndef PROFILES_ARITHMETIC_H
#define PROFILES_ARITHMETIC_H

#include "profiles/profile.h"

/* What folds two integers a and b into c: F(operation, whether there is such a c). */
#define ARITHMETIC_INTEGERS(F) \
	F(MULTIPLY,      !__builtin_mul_overflow(a, b, &c)) \
	F(DIVIDE,        ARITHMETIC_DIVIDES(a, b) && (c = a / b, true)) \
	F(ADD,           !__builtin_add_overflow(a, b, &c)) \
	F(SUBTRACT,      !__builtin_sub_overflow(a, b, &c)) \
	F(LESS,          (c = a < b, true)) \
	F(LESS_EQUAL,    (c = a <= b, true)) \
	F(GREATER,       (c = a > b, true)) \
	F(GREATER_EQUAL, (c = a >= b, true)) \
	F(EQUAL,         (c = a == b, true)) \
	F(UNEQUAL,       (c = a != b, true)) \
	F(MIN,           (c = a < b ? a : b, true)) \
	F(MAX,           (c = a > b ? a : b, true)) \
	F(REMAINDER,     ARITHMETIC_DIVIDES(a, b) && (c = a % b, true)) \
	F(SHIFT_LEFT,    arithmetic_shift_left(a, b, &c)) \
	F(SHIFT_RIGHT,   b >= 0 && b < 64 && (c = a >> b, true)) \
	F(AND,           (c = a & b, true)) \
	F(XOR,           (c = a ^ b, true)) \
	F(OR,            (c = a | b, true)) \
	F(ALIGN,         arithmetic_align(a, b, &c))
#define ARITHMETIC_DIVIDES(a, b) ((b) != 0 && !((a) == INT64_MIN && (b) == -1))

/* No infinities: what follows from them means nothing. NaN fails too. */
bool arithmetic_set_real(struct profile_value *out, double real);

bool arithmetic_ceil_pow2(int64_t value, int64_t *out);
static inline bool
arithmetic_shift_left(int64_t a, int64_t b, int64_t *out)
{
	return b >= 0 && b <= 62 && !__builtin_mul_overflow(a, INT64_C(1) << b, out);
}

bool arithmetic_align(int64_t value, int64_t to, int64_t *out);

/* MEMBER and NEXT of the instruction's list. */
bool arithmetic_list(const struct profile *profile, const struct profile_instruction *code,
                     int64_t *value);

/* One that changes a real; one (enum operation) that folds two of which one is real, into the
 * first. */
bool arithmetic_unary_real(const struct profile_instruction *code, struct profile_value *top);
bool arithmetic_binary_real(int operation, struct profile_value *first,
                            const struct profile_value *second);

#endif
