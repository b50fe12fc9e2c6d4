/*
 * The index of live blocks against a plain search through all of them: dense and sparse addresses,
 * blocks without bytes, blocks far apart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "finder/blocks.h"
#include "test_programs/random.h"

enum { COUNT = 3000 };

/* Moves each block of number 0, `share`, 2 * `share` ... behind the others, which stay in order;
 * those there are shuffled. */
static void
set_aside(struct finder_block *blocks, uint64_t *seed, unsigned share)
{
	static struct finder_block aside[COUNT];
	unsigned count = 0, kept = 0;
	for (unsigned i = 0; i < COUNT; i++) {
		if (i % share == 0)
			aside[count++] = blocks[i];
		else
			blocks[kept++] = blocks[i];
	}
	for (; count > 0; count--) {
		unsigned k = (unsigned)(random_next(seed) % count);
		blocks[kept++] = aside[k];
		aside[k] = aside[count - 1];
	}
}

/* Blocks that do not overlap, with gaps of all kinds. Bases are multiples of `align`. */
static void
make_blocks(struct finder_block *blocks, uint64_t *seed, uint64_t align)
{
	static const uint64_t gaps[] = {0, 16, 4096, 1 << 20, 1ull << 33};
	static const uint64_t sizes[] = {0, 1, 24, 5000, 3 << 20};
	uint64_t at = 0x10000;
	for (unsigned i = 0; i < COUNT; i++) {
		at += 16 + gaps[random_next(seed) % 64 == 0 ? random_next(seed) % 5 : 1];
		at = (at + align - 1) / align * align;
		uint64_t size = sizes[random_next(seed) % 32 == 0 ? random_next(seed) % 5 : 2];
		blocks[i] = (struct finder_block){.base = at, .size = size, .stack = i};
		at += size;
	}
}

static uint32_t
search(const struct blocks *blocks, uint64_t address, bool exact)
{
	for (uint32_t i = 0; i < blocks->count; i++) {
		uint64_t into = address - blocks->at[i].base;
		if (into == 0 || (!exact && into < blocks->at[i].size))
			return i;
	}
	return BLOCKS_NONE;
}

/* The groups are looked up with their neighbours, in the same order. */
static void
check_group(const struct blocks *blocks, const uint64_t *addresses, unsigned count)
{
	uint32_t before[BLOCKS_GROUP];
	uint64_t starts = blocks_before(blocks, addresses, count, before);
	for (unsigned i = 0; i < count; i++) {
		uint32_t wanted = BLOCKS_NONE;
		for (uint32_t k = 0; k < blocks->count && blocks->at[k].base <= addresses[i]; k++)
			wanted = k;
		assert_int_equal(before[i], wanted);
		assert_int_equal(starts >> i & 1,
		                 search(blocks, addresses[i], true) != BLOCKS_NONE);
	}
}

static void
check_addresses(uint64_t align, unsigned share)
{
	static struct finder_block list[COUNT];
	uint64_t seed = 4711 + align;
	struct blocks blocks;
	make_blocks(list, &seed, align);
	set_aside(list, &seed, share);
	assert_int_equal(blocks_open(&blocks, list, COUNT), 0);
	for (unsigned i = 0; i < COUNT; i++)
		assert_int_equal(list[i].stack, i);
	for (unsigned i = 0; i < COUNT; i++) {
		uint64_t near[] = {list[i].base - 1, list[i].base, list[i].base + 1,
		                   list[i].base + list[i].size / 2,
		                   list[i].base + list[i].size,
		                   list[i].base + random_next(&seed) % (8u << 20)};
		for (unsigned k = 0; k < sizeof(near) / sizeof(*near); k++) {
			assert_int_equal(blocks_at(&blocks, near[k]),
			                 search(&blocks, near[k], true));
			assert_int_equal(blocks_holding(&blocks, near[k]),
			                 search(&blocks, near[k], false));
		}
		check_group(&blocks, near, sizeof(near) / sizeof(*near));
		assert_int_equal(list[i].map, TRACE_NONE);
	}
	assert_int_equal(blocks_at(&blocks, 0), BLOCKS_NONE);
	assert_int_equal(blocks_holding(&blocks, UINT64_MAX), BLOCKS_NONE);
	blocks_close(&blocks);
}

/* Allocators align to 16, to 8, or (in a foreign core) to nothing. */
static void
every_address_finds_its_block(void **state)
{
	check_addresses(1, 1);
	check_addresses(8, 1);
	check_addresses(16, 1);
}

/* As a ledger hands them over. */
static void
blocks_that_come_behind_the_others_find_their_place(void **state)
{
	static const unsigned shares[] = {2, 5, 100, COUNT};
	for (unsigned i = 0; i < sizeof(shares) / sizeof(*shares); i++)
		check_addresses(8, shares[i]);
}

static void
groups_find_blocks_in_any_order(void **state)
{
	struct finder_block list[] = {{.base = 0x10000, .size = 64}, {.base = 0x10040, .size = 64},
	                              {.base = 1ull << 40, .size = 64}};
	const uint64_t addresses[] = {1ull << 41, 0x10050, 0, 1ull << 40, 0x10000, 0xffff, 0x90000};
	struct blocks blocks;
	assert_int_equal(blocks_open(&blocks, list, 3), 0);
	check_group(&blocks, addresses, sizeof(addresses) / sizeof(*addresses));
	blocks_close(&blocks);
}

static void
the_end_of_a_block_touches_it(void **state)
{
	struct finder_block list[] = {{.base = 0x3000, .size = 64}, {.base = 0x1000, .size = 64}};
	struct blocks blocks;
	assert_int_equal(blocks_open(&blocks, list, 2), 0);
	assert_int_equal(blocks_touching(&blocks, 0x1040), 0);
	assert_int_equal(blocks_holding(&blocks, 0x1040), BLOCKS_NONE);
	assert_int_equal(blocks_touching(&blocks, 0x1041), BLOCKS_NONE);
	assert_int_equal(blocks_touching(&blocks, 0x3000), 1);
	assert_int_equal(blocks_touching(&blocks, 0xfff), BLOCKS_NONE);
	blocks_close(&blocks);
}

static void
sizes_that_nobody_can_have_do_no_harm(void **state)
{
	struct finder_block list[] = {
		{.base = UINT64_MAX - 8, .size = UINT64_MAX},
		{.base = 0, .size = 16},
		{.base = 0x5000, .size = UINT64_MAX},
	};
	struct blocks blocks;
	assert_int_equal(blocks_open(&blocks, list, 3), 0);
	assert_int_equal(blocks.bytes, UINT64_MAX);
	assert_int_equal(blocks.highest, UINT64_MAX);
	assert_int_equal(blocks_holding(&blocks, 15), 0);
	assert_int_equal(blocks_at(&blocks, UINT64_MAX - 8), 2);
	blocks_close(&blocks);
}

static void
no_blocks_hold_nothing(void **state)
{
	struct blocks blocks;
	assert_int_equal(blocks_open(&blocks, NULL, 0), 0);
	assert_int_equal(blocks_at(&blocks, 0), BLOCKS_NONE);
	assert_int_equal(blocks_holding(&blocks, 0x1000), BLOCKS_NONE);
	assert_int_equal(blocks_touching(&blocks, 0x1000), BLOCKS_NONE);
	blocks_close(&blocks);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_address_finds_its_block),
		cmocka_unit_test(blocks_that_come_behind_the_others_find_their_place),
		cmocka_unit_test(groups_find_blocks_in_any_order),
		cmocka_unit_test(the_end_of_a_block_touches_it),
		cmocka_unit_test(sizes_that_nobody_can_have_do_no_harm),
		cmocka_unit_test(no_blocks_hold_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
