/*
 * The two ways of attributing bytes, side by side, for one snapshot: by stack and by structure.
 * What structure claims comes first; the rest of a stack's bytes has the role of the stack.
 *
 * A large program has a hundred thousand stacks and a snapshot sees a few of them live, most of
 * which have nothing to do with maps: an account is kept only for those that somebody asks about.
 */
#ifndef ANALYZER_ACCOUNT_H
#define ANALYZER_ACCOUNT_H

#include "trace/reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One stack in one snapshot. live == min(live, claimed) + rest. */
struct account {
	uint32_t stack;
	uint64_t live, blocks;
	uint64_t claimed[TRACE_ROLES];
	uint64_t claimed_blocks;
	uint64_t rest;      /* reached by no map */
	uint64_t unreached; /* part of rest: buckets and overflow by stack, transient left out */
	bool is_told;       /* the role is the program's own word */
};

/* In ascending order of stacks; a stack that is not listed has nothing live here. */
struct accounts {
	struct account *list;
	size_t count;
	uint64_t bare_bytes, bare_blocks; /* of the stacks that ACCOUNT_OF_MAPS leaves out */
};

enum account_scope {
	ACCOUNT_ALL,     /* every stack that was live */
	ACCOUNT_OF_MAPS, /* those that a map reached or that have a role; the others only summed */
};

/* 0, or -1 where memory is refused; release with accounts_close in both cases. */
int accounts_open(struct accounts *accounts, const struct trace *trace,
		  const struct trace_snapshot_rows *rows, enum account_scope scope);
void accounts_close(struct accounts *accounts);

/* The account of a stack; one of zeros where it is not listed. */
const struct account *accounts_find(const struct accounts *accounts, uint32_t stack);

/* Splits bytes allocated by `stack` as its role rule says: `first` of its role, the result is the
 * remainder, of its split_role. */
uint64_t account_split(const struct trace_origin *stack, uint64_t bytes, uint64_t *first);

/* How many of `bytes` by `stack` are buckets or overflow for good. */
uint64_t account_structure(const struct trace_origin *stack, uint64_t bytes);

#endif
