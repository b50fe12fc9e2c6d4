/*
 * The live blocks in order of address, and a quick way from any address to the block that starts at
 * it or holds it. Used by all of finder/; ten million blocks are an ordinary number.
 */
#ifndef FINDER_BLOCKS_H
#define FINDER_BLOCKS_H

#include "finder/finder.h"

#define BLOCKS_NONE UINT32_MAX

enum { BLOCKS_GROUP = 64 }; /* addresses that are looked up together; bits of a set of them */

struct blocks {
	struct finder_block *at;
	size_t count;
	uint64_t lowest, highest; /* lowest base, highest end */
	uint64_t bytes;           /* of all blocks, cut at UINT64_MAX */
	struct blocks_run *runs;  /* see blocks.c */
	size_t run_count;
	struct blocks_cell *cells;
	unsigned granule_bits, cell_bits;
};

/* Sorts `at` in place by base, resets the owners, and builds the index. Returns 0, or -1 with errno
 * when memory was refused. */
int blocks_open(struct blocks *blocks, struct finder_block *at, size_t count);
void blocks_close(struct blocks *blocks);

/* Index of the block that starts at this address, or BLOCKS_NONE. */
uint32_t blocks_at(const struct blocks *blocks, uint64_t address);

/* Index of the block that holds this address (its start, where it has no bytes), or BLOCKS_NONE. */
uint32_t blocks_holding(const struct blocks *blocks, uint64_t address);

/* The same, but where none holds it, the block that ends there. */
uint32_t blocks_touching(const struct blocks *blocks, uint64_t address);

/* The last block that starts at or before each of [count] addresses, or BLOCKS_NONE; at most
 * BLOCKS_GROUP of them. Returns a bit for each: that block starts at the address. The misses of the
 * caches overlap, and no block is read. */
uint64_t blocks_before(const struct blocks *blocks, const uint64_t *addresses, size_t count,
                       uint32_t *before);

/* Asks the memory for what a look-up of this address will read. */
void blocks_prefetch(const struct blocks *blocks, uint64_t address);

#endif
