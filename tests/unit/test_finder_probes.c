/*
 * Searches in open-addressed tables that are put together by hand: how many places they look at,
 * and that a rule which is not the map's, or leads in a circle, tells nothing.
 */
#include "tests/unit/test_finder_guest.h"

/*
 * An array of slots of 16 bytes: a state (0 free, 1 live, 2 dead) in a byte, from +8 on a hash.
 *
 *     header: count +0, array +8, slots +16
 */
enum { SLOT = 16, SLOTS = 16, FREE = 0, LIVE = 1, DEAD = 2 };

#define PROFILE(search)                                                                            \
	"profile open\n"                                                                           \
	"title \"test table\"\n"                                                                   \
	"minimum 64\n"                                                                             \
	"wake always\n"                                                                            \
	"anchor array at header + 8 points base\n"                                                 \
	"field entries u64 at header\n"                                                            \
	"field slots u64 at header + 16\n"                                                         \
	"require slots >= 4 && slots < 100000 && size(array) == 16 * slots\n"                      \
	"walk cells table {\n"                                                                     \
	"at array\ncount slots\nstride 16\n"                                                       \
	"live u8[bucket] == 1\ndead u8[bucket] == 2\n" search                                      \
	"}\n"                                                                                      \
	"require live(cells) == entries\n"                                                         \
	"count entries\n"                                                                          \
	"part buckets in array bytes 16 * slots\n"                                                 \
	"needed 16 * count\n"

static const char linear[] =
    PROFILE("home u64[bucket + 8] % slots\n"
            "onward (place + 1) % slots\n"
            "vacant u8[array + 16 * place] == 0\n");
static const char in_runs[] =
    PROFILE("home u64[bucket + 8] % slots\n"
            "onward (place + 4 * turn) % slots\n"
            "run place + 3 < slots ? 3 : 1\n"
            "vacant u8[array + 16 * place] == 0\n");
static const char indirect[] = /* the slot at `place` names the entry by its hash */
    PROFILE("home 0\n"
            "onward place + 1\n"
            "found u64[array + 16 * place + 8] == index\n"
            "vacant place >= slots\n");
static const char in_a_circle[] =
    PROFILE("home 0\n"
            "onward 0\n"
            "vacant 0\n");
static const char silent[] = PROFILE("");

static uint64_t
make(struct guest *guest, const char *profile, uint64_t slots)
{
	uint64_t header = GUEST_GLOBAL + 64, array;

	guest_open(guest);
	guest_profile(guest, profile);
	array = guest_block(guest, SLOT * slots);
	guest_put(guest, header + 8, array);
	guest_put(guest, header + 16, slots);
	return array;
}

static void
put(struct guest *guest, uint64_t array, uint64_t slot, unsigned char state, uint64_t hash)
{
	uint64_t header = GUEST_GLOBAL + 64;

	*(unsigned char *)guest_at(guest, array + SLOT * slot) = state;
	guest_put(guest, array + SLOT * slot + 8, hash);
	guest_put(guest, header, guest_get(guest, header) + (state == LIVE));
}

static void
expect(struct guest *guest, uint64_t all, uint64_t longest)
{
	guest_find(guest);
	assert_int_equal(guest->result.map_count, 1);
	assert_int_equal(guest->result.maps[0].probes, all);
	assert_int_equal(guest->result.maps[0].longest_probe, longest);
	guest_close(guest);
}

static void
a_search_looks_at_each_place_up_to_its_entry(void **state)
{
	struct guest guest;
	uint64_t array = make(&guest, linear, SLOTS);

	put(&guest, array, 3, LIVE, 3);  /* 1 */
	put(&guest, array, 4, LIVE, 3);  /* 2 */
	put(&guest, array, 5, DEAD, 0);
	put(&guest, array, 6, LIVE, 3);  /* 4: over the dead one */
	put(&guest, array, 15, LIVE, 15);/* 1 */
	put(&guest, array, 0, LIVE, 31); /* 2: round the end */
	expect(&guest, 10, 4);
}

static void
a_run_is_looked_at_place_by_place(void **state)
{
	struct guest guest;
	uint64_t array = make(&guest, in_runs, SLOTS);

	for (uint64_t slot = 2; slot < 5; slot++) /* 1, 2, 3 */
		put(&guest, array, slot, LIVE, 2);
	put(&guest, array, 6, LIVE, 2); /* 4: the second run begins there */
	put(&guest, array, 14, DEAD, 0);/* 14 + 3 is beyond the end: a run of 1, then 2 */
	put(&guest, array, 7, LIVE, 2); /* 5 */
	expect(&guest, 15, 5);
}

static void
places_may_lead_to_entries_elsewhere(void **state)
{
	struct guest guest;
	uint64_t array = make(&guest, indirect, SLOTS);

	for (uint64_t slot = 0; slot < SLOTS; slot++) /* 1 to 16, each once */
		put(&guest, array, slot, LIVE, SLOTS - 1 - slot);
	expect(&guest, SLOTS * (SLOTS + 1) / 2, SLOTS);
}

static void
a_search_that_comes_to_a_vacant_place_tells_nothing(void **state)
{
	struct guest guest;
	uint64_t array = make(&guest, linear, SLOTS);

	put(&guest, array, 3, LIVE, 3);
	put(&guest, array, 5, LIVE, 3); /* 4 is free: with that hash it would not lie here */
	expect(&guest, TRACE_UNKNOWN, TRACE_UNKNOWN);
}

static void
a_circle_ends(void **state)
{
	struct guest guest;
	uint64_t array = make(&guest, in_a_circle, SLOTS);

	put(&guest, array, 3, LIVE, 3);
	expect(&guest, TRACE_UNKNOWN, TRACE_UNKNOWN);
}

static void
a_table_without_entries_has_searched_nothing(void **state)
{
	struct guest guest;
	uint64_t array = make(&guest, linear, SLOTS);

	put(&guest, array, 3, DEAD, 3);
	expect(&guest, 0, 0);
}

static void
a_profile_without_a_search_tells_nothing(void **state)
{
	struct guest guest;
	uint64_t array = make(&guest, silent, SLOTS);

	put(&guest, array, 3, LIVE, 3);
	expect(&guest, TRACE_UNKNOWN, TRACE_UNKNOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_search_looks_at_each_place_up_to_its_entry),
		cmocka_unit_test(a_run_is_looked_at_place_by_place),
		cmocka_unit_test(places_may_lead_to_entries_elsewhere),
		cmocka_unit_test(a_search_that_comes_to_a_vacant_place_tells_nothing),
		cmocka_unit_test(a_circle_ends),
		cmocka_unit_test(a_table_without_entries_has_searched_nothing),
		cmocka_unit_test(a_profile_without_a_search_tells_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
