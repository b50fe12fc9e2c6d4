/*
 * Sorted blocks and their index; see blocks.h. Built once a snapshot, asked for every pointer that
 * the search and the walks meet.
 *
 *     runs   [ from 0x55.. | from 0x7f.. | ... ]     bases less than 1 MiB apart share a run
 *               |
 *     cells  [ 0 ..1...1. | 2 1..1.... | 4 ... ]     1 KiB each: blocks before it, and a bit for
 *               |                                    each granule (16 B), set where a block starts
 *     blocks [ ... ]                                 sorted by base
 *
 * An address finds its run by bisection, its cell by subtraction and its block by counting bits;
 * the cells of a heap are a sixtieth of its size, so they stay in a near cache. What must never
 * break: blocks do not overlap, so the last block that starts at or before an address is the only
 * one that can hold it; and each base is a multiple of the granule, whatever allocator gave it.
 */
#include "finder/blocks.h"

#include "finder/array.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum {
	GRANULE_BITS_MAX = 4,
	CELL_GRANULES_BITS = 6, /* bits in a word */
	RUN_GAP = 1 << 20,
	DIGIT_BITS = 11,
	DIGITS = 1 << DIGIT_BITS,
};

struct blocks_run {
	uint64_t base;        /* of its first block */
	uint64_t cell_count;
	uint64_t first_cell;  /* number of the cell that holds `base`, over all addresses */
	size_t cells;         /* index of its first entry in cells[] */
	uint32_t end;         /* index after its last block */
};

struct blocks_cell {
	uint64_t starts;
	uint32_t before; /* index of the first block that starts here or later */
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

/* How many of the first are in order. */
static size_t
count_sorted(const struct finder_block *at, size_t count)
{
	size_t sorted = count > 0;
	while (sorted < count && at[sorted - 1].base <= at[sorted].base)
		sorted++;
	return sorted;
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
sort_by_digits(struct finder_block *at, size_t count)
{
	struct finder_block *spare =
	    array_map_dense(count * sizeof(*at) + DIGITS * sizeof(uint32_t));
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

/* Merges those from `sorted` on, in order themselves, with those before them. */
static int
merge_tail(struct finder_block *at, size_t sorted, size_t count)
{
	size_t left = sorted, right = count - sorted;
	struct finder_block *tail = array_map(right * sizeof(*tail));
	if (!tail)
		return -1;
	memcpy(tail, at + sorted, right * sizeof(*tail));
	while (right > 0) {
		bool is_left = left > 0 && at[left - 1].base > tail[right - 1].base;
		at[--count] = is_left ? at[--left] : tail[--right];
	}
	array_unmap(tail);
	return 0;
}

/* A ledger hands nearly all blocks over in order, and some behind them that it kept elsewhere: the
 * others stay where they are, which needs no second table. */
static int
sort_blocks(struct finder_block *at, size_t count)
{
	size_t sorted = count_sorted(at, count);
	if (sorted == count)
		return 0;
	if (sorted < count - count / 4)
		return sort_by_digits(at, count);
	if (sort_by_digits(at + sorted, count - sorted) != 0)
		return -1;
	return merge_tail(at, sorted, count);
}

/* The largest granule that all bases are multiples of. */
static void
choose_granule(struct blocks *blocks)
{
	uint64_t all = 1ull << GRANULE_BITS_MAX;
	for (size_t i = 0; i < blocks->count; i++)
		all |= blocks->at[i].base;
	blocks->granule_bits = (unsigned)__builtin_ctzll(all);
	blocks->cell_bits = blocks->granule_bits + CELL_GRANULES_BITS;
}

static bool
begins_run(const struct finder_block *at, size_t i)
{
	return i == 0 || at[i].base - at[i - 1].base >= RUN_GAP;
}

/* Counts runs and cells first, so that each table is mapped once. */
static int
map_tables(struct blocks *blocks)
{
	size_t runs = 0, cells = 0;
	for (size_t i = 0; i < blocks->count; i++) {
		bool begins = begins_run(blocks->at, i);
		runs += begins;
		cells += begins ? 1 : (blocks->at[i].base >> blocks->cell_bits) -
		                      (blocks->at[i - 1].base >> blocks->cell_bits);
	}
	blocks->runs = array_map(runs * sizeof(*blocks->runs));
	blocks->cells = array_map_dense(cells * sizeof(*blocks->cells));
	return blocks->runs && blocks->cells ? 0 : -1;
}

static void
fill_tables(struct blocks *blocks)
{
	struct blocks_run *run = NULL;
	size_t next_cell = 0;
	for (size_t i = 0; i < blocks->count; i++) {
		uint64_t base = blocks->at[i].base, cell = base >> blocks->cell_bits;
		if (begins_run(blocks->at, i)) {
			run = &blocks->runs[blocks->run_count++];
			run->base = base;
			run->first_cell = cell;
			run->cells = next_cell;
		}
		while (run->cell_count <= cell - run->first_cell) {
			blocks->cells[next_cell++].before = (uint32_t)i;
			run->cell_count++;
		}
		blocks->cells[next_cell - 1].starts |=
			1ull << (base >> blocks->granule_bits & 63);
		run->end = (uint32_t)i + 1;
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
	choose_granule(blocks);
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
	array_unmap(blocks->cells);
	blocks->runs = NULL;
	blocks->cells = NULL;
	blocks->run_count = 0;
}

/* Processors of this kind count bits by an instruction, but not all do, and compilers must not
 * assume it. */
static inline unsigned
count_bits(uint64_t bits)
{
	bits -= bits >> 1 & 0x5555555555555555ull;
	bits = (bits & 0x3333333333333333ull) + (bits >> 2 & 0x3333333333333333ull);
	bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0full;
	return (unsigned)(bits * 0x0101010101010101ull >> 56);
}

/* The last run that starts at or before the address, or NULL. */
static const struct blocks_run *
run_before(const struct blocks *blocks, uint64_t address)
{
	const struct blocks_run *run = blocks->runs;
	size_t left = blocks->run_count;
	if (left == 0 || run->base > address)
		return NULL;
	while (left > 1) {
		size_t half = left / 2;
		run += run[half].base <= address ? half : 0;
		left -= half;
	}
	return run;
}

/* The address's cell, or NULL if it lies behind the last one of its run. */
static inline const struct blocks_cell *
cell_of(const struct blocks *blocks, const struct blocks_run *run, uint64_t address)
{
	uint64_t cell = (address >> blocks->cell_bits) - run->first_cell;
	return cell < run->cell_count ? &blocks->cells[run->cells + cell] : NULL;
}

/* The run's first block starts before the address, so there is one. `granule`: its bits. */
static inline uint32_t
block_in(const struct blocks_cell *cell, uint64_t address, unsigned granule)
{
	uint64_t up_to = ~0ull >> (63 - (address >> granule & 63));
	return cell->before + count_bits(cell->starts & up_to) - 1;
}

static uint32_t
block_before(const struct blocks *blocks, uint64_t address)
{
	const struct blocks_run *run = run_before(blocks, address);
	if (!run)
		return BLOCKS_NONE;
	const struct blocks_cell *cell = cell_of(blocks, run, address);
	return cell ? block_in(cell, address, blocks->granule_bits) : run->end - 1;
}

/* Whether a block starts at this address of the cell. */
static inline bool
is_start(const struct blocks_cell *cell, uint64_t address, unsigned granule)
{
	bool is_aligned = (address & ((1ull << granule) - 1)) == 0;
	return is_aligned & (cell->starts >> (address >> granule & 63));
}

uint64_t
blocks_before(const struct blocks *blocks, const uint64_t *addresses, size_t count,
              uint32_t *before)
{
	const struct blocks_cell *cells[BLOCKS_GROUP];
	const struct blocks_run *run = NULL; /* neighbours point into the same run, mostly */
	unsigned granule = blocks->granule_bits;
	uint64_t starts = 0;
	for (size_t i = 0; i < count; i++) {
		cells[i] = run && addresses[i] >= run->base ? cell_of(blocks, run, addresses[i])
		                                            : NULL;
		if (!cells[i]) {
			run = run_before(blocks, addresses[i]);
			cells[i] = run ? cell_of(blocks, run, addresses[i]) : NULL;
			before[i] = run ? run->end - 1 : BLOCKS_NONE;
		}
		__builtin_prefetch(cells[i]);
	}
	for (size_t i = 0; i < count; i++) {
		if (!cells[i])
			continue;
		before[i] = block_in(cells[i], addresses[i], granule);
		starts |= (uint64_t)is_start(cells[i], addresses[i], granule) << i;
	}
	return starts;
}

void
blocks_prefetch(const struct blocks *blocks, uint64_t address)
{
	const struct blocks_run *run = run_before(blocks, address);
	if (run)
		__builtin_prefetch(cell_of(blocks, run, address));
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
	uint32_t i = block_before(blocks, address);
	if (i == BLOCKS_NONE)
		return BLOCKS_NONE;
	return address - blocks->at[i].base <= blocks->at[i].size ? i : BLOCKS_NONE;
}
