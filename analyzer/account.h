/*
 * The two ways of attributing bytes, side by side, for one snapshot: by stack and by structure.
 * What structure claims comes first; the rest of a stack's bytes has the role of the stack.
 */
#ifndef ANALYZER_ACCOUNT_H
#define ANALYZER_ACCOUNT_H

#include "trace/reader.h"

#include <stddef.h>
#include <stdint.h>

/* One stack in one snapshot. live == min(live, claimed) + rest. */
struct account {
	uint64_t live, blocks;
	uint64_t claimed[TRACE_ROLES];
	uint64_t claimed_blocks;
	uint64_t rest;      /* reached by no map */
	uint64_t unreached; /* part of rest: buckets and overflow by stack, transient left out */
};

/* One account a stack, or NULL where memory is refused; free() it. */
struct account *account_open(const struct trace *trace, const struct trace_snapshot_rows *rows);

/* Splits bytes allocated by `stack` as its role rule says: `first` of its role, the result is the
 * remainder, of its split_role. */
uint64_t account_split(const struct trace_stack *stack, uint64_t bytes, uint64_t *first);

/* How many of `bytes` by `stack` are buckets or overflow for good. */
uint64_t account_structure(const struct trace_stack *stack, uint64_t bytes);

/* What of a stack was live when the whole heap was at its peak; trace/format.h says how. */
uint64_t account_at_peak(const struct trace_header *header, const struct trace_stack *stack,
			 uint64_t *blocks);

#endif
