/*
 * Arithmetic of expressions for evaluate.c. All return false where there is no exact result.
 */
#ifndef PROFILES_ARITHMETIC_H
#define PROFILES_ARITHMETIC_H

#include "profiles/profile.h"

/* No infinities: what follows from them means nothing. NaN fails too. */
bool arithmetic_set_real(struct profile_value *out, double real);

bool arithmetic_ceil_pow2(int64_t value, int64_t *out);
bool arithmetic_shift_left(int64_t a, int64_t b, int64_t *out);
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
