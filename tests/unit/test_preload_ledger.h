/* Blocks that tests put into the ledger and find there again. */
#ifndef TEST_PRELOAD_LEDGER_H
#define TEST_PRELOAD_LEDGER_H

#include "preload/ledger/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static inline void
assert_same_block(const struct ledger_block *a, const struct ledger_block *b)
{
	assert_int_equal(a->address, b->address);
	assert_int_equal(a->size, b->size);
	assert_int_equal(a->stack, b->stack);
}

static inline void
add_block(uint64_t address, uint64_t size, uint32_t stack)
{
	struct ledger_block block = { address, size, stack }, stale;
	bool full;

	assert_false(ledger_add(&block, &stale, &full));
	assert_false(full);
}

static inline void
assert_holds(uint64_t address, uint64_t size, uint32_t stack)
{
	struct ledger_block found, expected_block = { address, size, stack };

	assert_true(ledger_find(address, &found));
	assert_same_block(&found, &expected_block);
	assert_true(ledger_remove(address, &found));
	assert_same_block(&found, &expected_block);
	assert_false(ledger_find(address, &found));
	assert_false(ledger_remove(address, &found));
}

#endif
