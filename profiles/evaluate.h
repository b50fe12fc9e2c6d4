/*
 * Running compiled expressions, for the files of this room; profile.h has the public side.
 */
#ifndef PROFILES_EVALUATE_H
#define PROFILES_EVALUATE_H

#include "profiles/profile.h"

/* What an expression sees: the parts of a scope, so that a role's condition needs no whole one. */
struct evaluation {
	const struct profile *profile;
	const struct profile_value *values; /* by scope index */
	const uint8_t *known;
	const struct profile_census *walks; /* NULL: none */
	const struct profile_memory *memory;/* NULL: none */
};

/* A field where the guest keeps it: at any address, of any type. */
union evaluate_raw {
	uint8_t u8; int8_t i8; uint16_t u16; int16_t i16; uint32_t u32; int32_t i32;
	int64_t i64; float f32; double f64;
} __attribute__((packed, may_alias));

static inline bool evaluate(const struct evaluation *in, struct profile_expression expression,
                            struct profile_value *out);

static inline bool
evaluate_is_true(struct profile_value value)
{
	return value.is_real ? value.real != 0 : value.integer != 0;
}

/* Whether a condition over `size` alone holds; one that has no value does not. Such code knows its
 * one name as PROFILE_NAME_COUNT. */
bool evaluate_size_holds(const struct profile *profile, struct profile_expression condition,
                         uint64_t size);

/* Reads a value of this type from memory. */
bool evaluate_read(const struct profile_memory *memory, enum profile_type type, uint64_t address,
                   struct profile_value *out);

/* prime.c: the smallest prime that is at least `value`; false beyond 2^36. */
bool prime_next(int64_t value, int64_t *out);

/* Whether all of it lies in the memory that pointers read. */
static inline bool
evaluate_is_in_window(const struct profile_memory *memory, uint64_t address, uint64_t size)
{
	uint64_t offset = address - memory->window_start;
	return offset < memory->window_size && size <= memory->window_size - offset;
}

/* An integer of this type. A window's bytes are no objects of ours: they are read whatever a
 * sanitizer thinks of them. */
__attribute__((no_sanitize("address", "thread"))) static inline bool
evaluate_read_integer(const struct profile_memory *memory, unsigned type, uint64_t address,
                      int64_t *out)
{
	static const uint8_t sizes[] = {1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 8};
	const union evaluate_raw *raw = (const union evaluate_raw *)(uintptr_t)address;
	union evaluate_raw copy;
	if (memory == NULL)
		return false;
	if (__builtin_expect(!evaluate_is_in_window(memory, address, sizes[type]), 0)) {
		if (!memory->read(memory->context, address, &copy, sizes[type]))
			return false;
		raw = &copy;
	}
	switch (type) {
	case PROFILE_U8:  *out = raw->u8; return true;
	case PROFILE_I8:  *out = raw->i8; return true;
	case PROFILE_U16: *out = raw->u16; return true;
	case PROFILE_I16: *out = raw->i16; return true;
	case PROFILE_F32:
	case PROFILE_U32: *out = raw->u32; return true;
	case PROFILE_I32: *out = raw->i32; return true;
	default:          *out = raw->i64; return true;
	}
}

/* evaluate.c and whole.c: evaluate() of an expression that is not empty; the second, of a whole
 * one. */
bool evaluate_values(const struct evaluation *in, struct profile_expression expression,
                     struct profile_value *out);
bool evaluate_whole(const struct evaluation *in, struct profile_expression expression,
                    int64_t *out);

/* whole.c: runs a row of steps on the scope that `in` sees. Returns how many were true. */
uint16_t evaluate_row(const struct evaluation *in, const struct profile_step *step,
                      struct profile_scope *scope);

static inline bool
evaluate(const struct evaluation *in, struct profile_expression expression,
         struct profile_value *out)
{
	if (expression.length == 0)
		return false;
	if (!expression.is_whole)
		return evaluate_values(in, expression, out);
	out->is_real = false;
	return evaluate_whole(in, expression, &out->integer);
}

/* Size or base of the block at this address; 0: none. */
int64_t evaluate_block(const struct evaluation *in, int64_t address, bool wants_size);

/* Changes an integer by an operation of that group, but SINGLE; false: no exact result. */
bool evaluate_unary(const struct evaluation *in, const struct profile_instruction *code,
                    int64_t *top);

/* Two integers folded by an operation of that group; false: no exact result. */
bool evaluate_integers(int operation, int64_t a, int64_t b, int64_t *out);

/* Whether a list has this number. */
bool evaluate_is_member(const struct profile *profile, uint16_t list, int64_t number);

/* proof.c: which steps run in a row. */
void steps_compile(struct profile *profile);

/* guard.c: reads the guard off the steps, which are compiled. */
void guard_compile(struct profile *profile);

/* census.c: live, dead, blocks or bytes (enum operation) of a walk. */
bool census_value(const struct profile_census *census, int operation, int64_t *out);

/* census.c: fold, deepest and shallowest (enum operation) of one walk or, with `second`, of two
 * whose entries add up, on 2^bits slots. */
bool census_fold(const struct profile_census *first, const struct profile_census *second,
                 int operation, int64_t bits, int64_t *out);

/* regrow.c: log2 of the slots of a table that began with 2^bits and took the list's entries, the
 * last walked first; -1 where that cannot be said. `table` is the one that holds them now. */
bool regrow_bits(const struct profile_census *list, const struct profile_census *table,
                 int64_t bits, int64_t *out);

#endif
