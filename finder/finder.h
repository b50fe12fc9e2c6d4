/*
 * Finds the maps in a guest's memory. Among all words that point at live blocks it looks for map
 * headers, lets the profile prove each (exact sizes first, then the walk and its census), and gives
 * every block that a proved map reaches a role in that map.
 *
 *     blocks + memory + profiles --finder_run--> maps, claims, refusals
 *
 * Runs inside a forked child of the guest as well as in the analyzer: no malloc, no stdio; its
 * memory is anonymous mappings. One array belongs to one map: where two headers claim it, a header
 * in a live block wins over a global, over a stack, over other memory; then the earlier
 * address, on a stack that of the outer frame.
 */
#ifndef FINDER_FINDER_H
#define FINDER_FINDER_H

#include "finder/memory.h"
#include "profiles/profile.h"
#include "trace/format.h"

/* The live blocks, sorted by base. */
struct finder_block {
	uint64_t base;
	uint64_t size;   /* requested; 0 is a block too */
	uint32_t stack;  /* allocation stack */
	uint32_t map;    /* out: index of the map that owns it, or TRACE_NONE */
};

struct finder_input {
	struct memory *memory;
	struct finder_block *blocks; /* [block_count], any order: finder_run sorts them */
	size_t block_count;
	const struct profile *const *profiles; /* [profile_count]; those that are awake */
	const uint32_t *profile_ids;           /* [profile_count]: number of each in the trace */
	size_t profile_count;
	uint64_t freeing;    /* block whose free is under way in the calling thread, or 0: one entry
	                      * of one map may be unlinked but still counted */
	bool keeps_all_refusals; /* also of candidates that no size was asked of */
	uint64_t deadline_ns;/* CLOCK_MONOTONIC; 0: none */
};

/* A byte range of a block that a map owns. */
struct finder_claim {
	uint32_t block; /* index into blocks, after sorting */
	uint32_t map;   /* index into maps */
	uint64_t role : 8; /* enum trace_role */
	uint64_t bytes : 56; /* there is a claim for each node of each map: 16 bytes have to do */
};

struct finder_result {
	struct trace_map *maps; /* profile and stack are those of the input's ids */
	size_t map_count;
	struct finder_claim *claims;
	size_t claim_count;
	struct trace_refused *refused; /* one row a profile and reason */
	size_t refused_count;
	uint64_t scan_bytes, scanned_bytes;
	bool is_complete;
	const char *reason; /* static text: why it is not complete */
};

/* Returns 0 (complete or cut short by its deadline: see is_complete), or -1 with errno when its own
 * memory was refused. Release with finder_release. */
int finder_run(const struct finder_input *input, struct finder_result *result);
void finder_release(struct finder_result *result);

#endif
