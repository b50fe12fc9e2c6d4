/*
 * Blocks that begin in the middle of 16 bytes, as allocators other than glibc's make them: they
 * have words of their own and do not disturb their neighbours.
 */
#include "preload/ledger/aside.h"
#include "preload/ledger/change.h"
#include "tests/unit/test_preload_ledger.h"

/* At any place within a granule, whatever allocator would do that. */
static void
keeps_close_neighbours_apart(void **unused)
{
	uint64_t first = UINT64_C(0x7e0000000000);
	struct ledger_block found, stale;
	bool full;

	for (uint64_t i = 0; i < 8; i++) {
		struct ledger_block block = { first + i, 10 + i, (uint32_t)i };

		assert_false(ledger_add(&block, &stale, &full));
		assert_false(full);
	}
	for (uint64_t i = 1; i < 8; i += 2)
		assert_true(ledger_remove(first + i, &found));
	for (uint64_t i = 0; i < 8; i++) {
		assert_int_equal(ledger_find(first + i, &found), i % 2 == 0);
		if (i % 2 == 0)
			assert_int_equal(found.size, 10 + i);
	}
	for (uint64_t i = 0; i < 8; i += 2)
		assert_true(ledger_remove(first + i, &found));
}

static void
count_aside(const struct ledger_block *block, void *context)
{
	(void)block;
	++*(size_t *)context;
}

struct order {
	uint64_t first, end; /* of the blocks that are looked at */
	uint64_t last;
	size_t count;
};

static void
follow_order(const struct ledger_block *block, void *context)
{
	struct order *order = context;
	uint64_t plane;

	if (block->address < order->first || block->address >= order->end)
		return;
	plane = block->address % SHADOW_GRANULE;
	if (order->count++ && plane == order->last % SHADOW_GRANULE)
		assert_true(block->address > order->last);
	else
		assert_int_equal(plane, order->count == 1 ? 0 : SHADOW_STEP);
	order->last = block->address;
}

/* They have words of their own, so that nothing is kept aside, and what begins with a granule comes
 * first. A block in the last granule of a page has its size in the next one. */
static void
has_words_for_blocks_amid_granules(void **unused)
{
	enum { COUNT = 1000, STEP = SHADOW_PAGE / 2 - 8 };
	uint64_t first = UINT64_C(0x780000000000);
	size_t aside = 0;
	struct order order = { .first = first, .end = first + COUNT * STEP };

	for (uint64_t i = 0; i < COUNT; i++)
		add_block(first + i * STEP, i % 60, (uint32_t)i);
	aside_each(count_aside, &aside);
	assert_int_equal(aside, 0);
	ledger_each(follow_order, &order);
	assert_int_equal(order.count, COUNT);
	for (uint64_t i = 0; i < COUNT; i++)
		assert_holds(first + i * STEP, i % 60, (uint32_t)i);
}

/* The same where a free went past us: it is told, and the neighbour of the other plane stays. */
static void
tells_blocks_amid_granules_in_the_way(void **unused)
{
	uint64_t at = UINT64_C(0x770000000008) + SHADOW_PAGE - SHADOW_GRANULE;
	struct ledger_block block = { at + SHADOW_GRANULE, 40, 9 }, stale;
	bool full;

	add_block(at, 100, 7); /* its size lies in the next page, where the new block begins */
	add_block(at + 8, 8, 6);
	assert_true(ledger_add(&block, &stale, &full));
	assert_true(stale.address == at && stale.size == 100 && stale.stack == 7);
	assert_false(ledger_add(&block, &stale, &full));
	assert_holds(at + SHADOW_GRANULE, 40, 9);
	assert_holds(at + 8, 8, 6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_close_neighbours_apart),
		cmocka_unit_test(has_words_for_blocks_amid_granules),
		cmocka_unit_test(tells_blocks_amid_granules_in_the_way),
	};

	change_open();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
