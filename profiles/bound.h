/*
 * Expressions of a walk, bound: with the names put in that keep their values while it walks. A walk
 * asks the same few of them for every bucket, cell and node; bound they say what evaluating them
 * would say, and most are one read.
 */
#ifndef PROFILES_BOUND_H
#define PROFILES_BOUND_H

#include "profiles/profile.h"

enum profile_bound_kind {
	PROFILE_BOUND_ABSENT, /* there is no expression */
	PROFILE_BOUND_NUMBER, /* offset */
	PROFILE_BOUND_SUM,    /* base + offset + of_index * index + of_cell * cell */
	PROFILE_BOUND_READ,   /* what lies at that sum, & mask, as it is or compared with `with` */
	PROFILE_BOUND_ASKED,  /* none of these: the expression itself */
};

struct profile_bound {
	uint8_t kind;       /* enum profile_bound_kind */
	uint8_t base;       /* PROFILE_NAME_BUCKET or _NODE; else none */
	uint8_t type;       /* READ: enum profile_type, an integer */
	uint8_t comparison; /* READ: enum operation; 0: none */
	int64_t offset, of_index, of_cell, mask, with;
	struct profile_expression expression;
};

/* `out` is good as long as the names keep the values that `scope` has now. */
void profile_bind(const struct profile *profile, struct profile_expression expression,
                  const struct profile_scope *scope, const struct profile_memory *memory,
                  struct profile_bound *out);

/* What profile_evaluate_unsigned() would give now. */
bool profile_bound_value(const struct profile *profile, const struct profile_bound *bound,
                         const struct profile_scope *scope, const struct profile_memory *memory,
                         uint64_t *out);

/* Which of `count` (1 to 64) cells are true, one bit each: those of the present bucket if `stride`
 * is 0, else the only cells of the present bucket and of those that follow it. An absent one is
 * false for all. False: they have to be asked one by one. */
bool profile_bound_mask(const struct profile_bound *bound, const struct profile_scope *scope,
                        const struct profile_memory *memory, uint64_t stride, unsigned count,
                        uint64_t *mask);

#endif
