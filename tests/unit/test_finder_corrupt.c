/*
 * Guests full of maps whose memory was overwritten at random: whatever is found then, nothing
 * crashes, nothing runs for ever, and no byte of a block counts twice (guest_check).
 */
#include "test_programs/random.h"
#include "tests/unit/test_finder_maps.h"

/* A word that leads a walk astray more often than a random one. */
static uint64_t
bad_word(struct guest *guest, uint64_t *seed)
{
	uint64_t random = random_next(seed);
	switch (random % 5) {
	case 0: return random >> 8;
	case 1: return random >> 60;
	case 2: return GUEST_HEAP + (random >> 8) % GUEST_HEAP_SIZE;
	case 3: return ~(random >> 56);
	}
	return guest->blocks[(random >> 8) % guest->block_count].base;
}

static void
corruption_never_crashes_and_never_counts_twice(void **state)
{
	uint64_t seed = RANDOM_FIRST;
	for (unsigned round = 0; round < 200; round++) {
		struct guest guest;
		guest_open(&guest);
		guest_profile(&guest, table_profile);
		guest_profile(&guest, chain_profile);
		for (unsigned i = 0; i < 6; i++) {
			uint64_t header = make_table(&guest, 8);
			insert(&guest, header, i, 0, guest_block(&guest, 32));
			uint64_t own = guest_block(&guest, STRIDE);
			guest_put(&guest, guest_get(&guest, header + 8) + 64, own);
			make_chain(&guest, guest_block(&guest, 64), 12);
		}
		guest.input.freeing = round % 2 ? guest.blocks[round % guest.block_count].base : 0;
		for (unsigned i = 0; i < 1 + round; i++)
			guest_put(&guest, GUEST_HEAP + random_next(&seed) % guest.used / 8 * 8,
			          bad_word(&guest, &seed));
		guest_find(&guest);
		assert_true(guest.result.map_count <= guest.block_count);
		guest_close(&guest);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(corruption_never_crashes_and_never_counts_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
