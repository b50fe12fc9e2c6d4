/*
 * Sorted blocks and their index; see blocks.h. Built once a snapshot, asked for every pointer that
 * the search and the walks meet.
 *
 *     runs   [ from 0x55.. | from 0x7f.. | ... ]     bases less than 1 MiB apart share a run
 *               |
 *     grains [ 0 3 3 9 12 ]                          first block of each 256 B; one more as the end
 *               |
 *     blocks [ ... ]                                 sorted by base
 *
 * An address finds its run by bisection, its grain by subtraction and its block by bisecting the
 * few that start in that grain: three lines of cache. What must never break: blocks do not overlap,
 * so the last block that starts at or before an address is the only one that can hold it.
 */
#include "finder/blocks.h"

#include "finder/array.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum {
	GRAIN_BITS = 8,
	RUN_GAP_GRAINS = 4096,
	DIGIT_BITS = 11,
	DIGITS = 1 << DIGIT_BITS,
};

struct blocks_run {
	uint64_t base;           /* of its first block */
	uint64_t first_grain;
	uint64_t grain_count;
	size_t grains;           /* index of its first entry in grains[] */
	uint32_t end;            /* index after its last block */
};

/* The bits in which bases differ: allocators align, and a heap spans few of all addresses. */
static uint64_t
varying_bits(const struct finder_block *at, size_t count)
{
	uint64_t varying = 0;
	for (size_t i = 1; i < count; i++)
		varying |= at[i].base ^ at[0].base;
	return varying;
}

static bool
is_sorted(const struct finder_block *at, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (at[i].base < at[i - 1].base)
			return false;
	return true;
}

/* One pass of the radix sort: stable by one digit. False: all have the same one, nothing moved. */
static bool
sort_by_digit(const struct finder_block *from, struct finder_block *to, size_t count,
              unsigned shift, uint32_t *starts)
{
	memset(starts, 0, DIGITS * sizeof(*starts));
	for (size_t i = 0; i < count; i++)
		starts[from[i].base >> shift & (DIGITS - 1)]++;
	if (starts[from[0].base >> shift & (DIGITS - 1)] == count)
		return false;
	uint32_t sum = 0;
	for (size_t digit = 0; digit < DIGITS; digit++) {
		uint32_t n = starts[digit];
		starts[digit] = sum;
		sum += n;
	}
	for (size_t i = 0; i < count; i++)
		to[starts[from[i].base >> shift & (DIGITS - 1)]++] = from[i];
	return true;
}

static int
sort_blocks(struct finder_block *at, size_t count)
{
	if (is_sorted(at, count))
		return 0;
	struct finder_block *spare = array_map(count * sizeof(*at) + DIGITS * sizeof(uint32_t));
	if (!spare)
		return -1;
	uint32_t *starts = (uint32_t *)(spare + count);
	struct finder_block *from = at, *to = spare;
	uint64_t varying = varying_bits(at, count);
	unsigned lowest = varying ? (unsigned)__builtin_ctzll(varying) : 64;
	for (unsigned shift = lowest; shift < 64; shift += DIGIT_BITS) {
		if (!(varying >> shift & (DIGITS - 1)))
			continue;
		if (!sort_by_digit(from, to, count, shift, starts))
			continue;
		struct finder_block *swap = from;
		from = to;
		to = swap;
	}
	if (from != at)
		memcpy(at, from, count * sizeof(*at));
	array_unmap(spare);
	return 0;
}

static bool
begins_run(const struct finder_block *at, size_t i)
{
	return i == 0 ||
	       (at[i].base >> GRAIN_BITS) - (at[i - 1].base >> GRAIN_BITS) >= RUN_GAP_GRAINS;
}

/* Counts runs and grain entries first, so that each table is mapped once. */
static int
map_tables(struct blocks *blocks)
{
	size_t runs = 0, grains = 0;
	for (size_t i = 0; i < blocks->count; i++) {
		bool begins = begins_run(blocks->at, i);
		runs += begins;
		if (begins)
			grains += 2;
		else
			grains += (blocks->at[i].base >> GRAIN_BITS) -
			         (blocks->at[i - 1].base >> GRAIN_BITS);
	}
	blocks->runs = array_map(runs * sizeof(*blocks->runs));
	blocks->grains = array_map(grains * sizeof(*blocks->grains));
	return blocks->runs && blocks->grains ? 0 : -1;
}

static void
fill_tables(struct blocks *blocks)
{
	struct blocks_run *run = NULL;
	size_t next_grain = 0;
	for (size_t i = 0; i < blocks->count; i++) {
		uint64_t grain = blocks->at[i].base >> GRAIN_BITS;
		if (begins_run(blocks->at, i)) {
			run = &blocks->runs[blocks->run_count++];
			run->base = blocks->at[i].base;
			run->first_grain = grain;
			run->grains = next_grain;
		}
		while (run->grain_count < grain - run->first_grain + 1)
			blocks->grains[run->grains + run->grain_count++] = (uint32_t)i;
		run->end = (uint32_t)i + 1;
		blocks->grains[run->grains + run->grain_count] = run->end;
		next_grain = run->grains + run->grain_count + 1;
	}
}

static void
measure(struct blocks *blocks)
{
	blocks->lowest = blocks->count ? blocks->at[0].base : 0;
	for (size_t i = 0; i < blocks->count; i++) {
		struct finder_block *block = &blocks->at[i];
		uint64_t end;
		if (__builtin_add_overflow(block->base, block->size, &end))
			end = UINT64_MAX;
		if (end > blocks->highest)
			blocks->highest = end;
		if (__builtin_add_overflow(blocks->bytes, block->size, &blocks->bytes))
			blocks->bytes = UINT64_MAX;
		block->map = TRACE_NONE;
	}
}

int
blocks_open(struct blocks *blocks, struct finder_block *at, size_t count)
{
	*blocks = (struct blocks){.at = at, .count = count};
	if (count >= BLOCKS_NONE) {
		errno = EOVERFLOW;
		return -1;
	}
	if (sort_blocks(at, count) != 0 || map_tables(blocks) != 0) {
		blocks_close(blocks);
		return -1;
	}
	measure(blocks);
	fill_tables(blocks);
	return 0;
}

void
blocks_close(struct blocks *blocks)
{
	array_unmap(blocks->runs);
	array_unmap(blocks->grains);
	blocks->runs = NULL;
	blocks->grains = NULL;
	blocks->run_count = 0;
}

/* The last run that starts at or before the address, or NULL. */
static const struct blocks_run *
run_before(const struct blocks *blocks, uint64_t address)
{
	size_t low = 0, high = blocks->run_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (blocks->runs[middle].base <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &blocks->runs[low - 1] : NULL;
}

/* The last block that starts at or before the address, or BLOCKS_NONE. */
static uint32_t
block_before(const struct blocks *blocks, uint64_t address)
{
	const struct blocks_run *run = run_before(blocks, address);
	if (!run)
		return BLOCKS_NONE;
	uint64_t grain = (address >> GRAIN_BITS) - run->first_grain;
	if (grain >= run->grain_count)
		return run->end - 1;
	uint32_t low = blocks->grains[run->grains + grain];
	uint32_t high = blocks->grains[run->grains + grain + 1];
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (blocks->at[middle].base <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low - 1;
}

/* Where the index says of an address which blocks come into question, or NULL. */
static const uint32_t *
grain_of(const struct blocks *blocks, uint64_t address)
{
	const struct blocks_run *run = run_before(blocks, address);
	if (!run)
		return NULL;
	uint64_t grain = (address >> GRAIN_BITS) - run->first_grain;
	return grain < run->grain_count ? &blocks->grains[run->grains + grain] : NULL;
}

void
blocks_prefetch_index(const struct blocks *blocks, uint64_t address)
{
	const uint32_t *grain = grain_of(blocks, address);
	if (grain)
		__builtin_prefetch(grain);
}

void
blocks_prefetch(const struct blocks *blocks, uint64_t address)
{
	const uint32_t *grain = grain_of(blocks, address);
	if (!grain)
		return;
	__builtin_prefetch(&blocks->at[grain[0]].base);
	__builtin_prefetch(&blocks->at[grain[1]].base);
}

uint32_t
blocks_at(const struct blocks *blocks, uint64_t address)
{
	uint32_t i = block_before(blocks, address);
	return i != BLOCKS_NONE && blocks->at[i].base == address ? i : BLOCKS_NONE;
}

uint32_t
blocks_holding(const struct blocks *blocks, uint64_t address)
{
	uint32_t i = block_before(blocks, address);
	if (i == BLOCKS_NONE)
		return BLOCKS_NONE;
	const struct finder_block *block = &blocks->at[i];
	bool holds = address == block->base || address - block->base < block->size;
	return holds ? i : BLOCKS_NONE;
}

uint32_t
blocks_touching(const struct blocks *blocks, uint64_t address)
{
	uint32_t i = blocks_holding(blocks, address);
	if (i != BLOCKS_NONE)
		return i;
	i = block_before(blocks, address);
	if (i == BLOCKS_NONE)
		return BLOCKS_NONE;
	return address - blocks->at[i].base == blocks->at[i].size ? i : BLOCKS_NONE;
}
