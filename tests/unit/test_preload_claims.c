/*
 * Claims added up by stack, profile and role, against sums kept in a plain table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "preload/snapshot/claims.h"
#include "test_programs/random.h"

enum { COUNT = 20000, STACKS = 700, MAPS = 5, ROLES = 4 };

static struct finder_block blocks[COUNT];
static struct finder_claim rows[COUNT];
static struct trace_map maps[MAPS];
static struct sum {
	uint64_t bytes, blocks;
} sums[STACKS][MAPS][ROLES];

static struct finder_result
make_claims(void)
{
	uint64_t seed = 7;

	memset(sums, 0, sizeof(sums));
	for (uint32_t i = 0; i < MAPS; i++)
		maps[i].profile = i;
	for (uint32_t i = 0; i < COUNT; i++) {
		uint32_t map = (uint32_t)random_next(&seed) % MAPS;
		uint32_t role = (uint32_t)random_next(&seed) % ROLES;

		blocks[i].stack = (uint32_t)random_next(&seed) % STACKS;
		rows[i] = (struct finder_claim){ .block = i, .map = map, .role = role,
		                                 .bytes = random_next(&seed) >> 24 };
		sums[blocks[i].stack][map][role].bytes += rows[i].bytes;
		sums[blocks[i].stack][map][role].blocks++;
	}
	return (struct finder_result){ .maps = maps, .map_count = MAPS, .claims = rows,
	                               .claim_count = COUNT };
}

static void
each_sum_is_there_once(void **state)
{
	struct finder_result found = make_claims();
	struct claims claims = { 0 };
	size_t seen = 0;
	(void)state;

	assert_int_equal(claims_sum(&claims, blocks, &found), 0);
	for (size_t i = 0; i < claims.room; i++) {
		const struct trace_claim *slot = &claims.slots[i];
		struct sum *sum;

		if (!slot->blocks)
			continue;
		sum = &sums[slot->stack][slot->profile][slot->role];
		assert_int_equal(slot->bytes, sum->bytes);
		assert_int_equal(slot->blocks, sum->blocks);
		sum->blocks = 0; /* a second one would differ */
		seen++;
	}
	assert_int_equal(seen, claims.used);
	assert_true(claims.room >= 2 * seen && claims.room <= 8 * seen);
	for (size_t i = 0; i < sizeof(sums) / sizeof(struct sum); i++)
		assert_int_equal(((struct sum *)sums)[i].blocks, 0);
	claims_release(&claims);
	assert_null(claims.slots);
}

static void
no_claims_are_no_sums(void **state)
{
	struct finder_result found = { 0 };
	struct claims claims = { 0 };
	(void)state;

	assert_int_equal(claims_sum(&claims, blocks, &found), 0);
	assert_int_equal(claims.used, 0);
	claims_release(&claims);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_sum_is_there_once),
		cmocka_unit_test(no_claims_are_no_sums),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
