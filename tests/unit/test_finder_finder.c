/*
 * Maps found in guests that are put together by hand: what is a map, what is only a copy of one,
 * who owns which byte, and what is refused for which reason.
 */
#include <stdio.h>

#include "tests/unit/test_finder_maps.h"

_Static_assert((int)PROFILE_BUCKETS == (int)TRACE_BUCKETS, "one numbering of roles");
_Static_assert((int)PROFILE_OVERFLOW == (int)TRACE_OVERFLOW, "one numbering of roles");
_Static_assert((int)PROFILE_VALUES == (int)TRACE_VALUES, "one numbering of roles");
_Static_assert((int)PROFILE_HEADER == (int)TRACE_HEADER, "one numbering of roles");
_Static_assert((int)PROFILE_OTHER == (int)TRACE_OTHER, "one numbering of roles");

static void
a_table_is_found_as_it_was_made(void **state)
{
	struct guest guest;
	guest_open(&guest);
	guest_profile(&guest, table_profile);
	uint64_t header = make_table(&guest, 8);
	uint64_t array = guest_get(&guest, header + 8);
	insert(&guest, header, 0, 0, 0);
	insert(&guest, header, 7, 3, guest_block(&guest, 100));
	set_cell(&guest, array, 1, 2, 0);
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 1);
	const struct trace_map *map = &guest.result.maps[0];
	assert_true(guest.result.is_complete);
	assert_int_equal(map->address, header);
	assert_int_equal(map->array, array);
	assert_int_equal(map->profile, 7);
	assert_int_equal(map->stack, guest_block_of(&guest, array)->stack);
	assert_int_equal(map->where, TRACE_WHERE_BLOCK);
	assert_int_equal(map->where_base, header);
	assert_int_equal(map->count, 2);
	assert_int_equal(map->capacity, 32);
	assert_int_equal(map->tombstones, 1);
	assert_int_equal(map->header_bytes, HEADER);
	assert_int_equal(map->bucket_bytes, 8 * STRIDE);
	assert_int_equal(map->overflow_bytes, 2 * STRIDE);
	assert_int_equal(map->overflow_reserved_bytes, 2 * STRIDE);
	assert_int_equal(map->overflow_blocks, 0);
	assert_int_equal(map->value_bytes, 100);
	assert_int_equal(map->value_blocks, 1);
	assert_int_equal(map->needed_low, STRIDE);
	assert_int_equal(map->needed_high, STRIDE);
	assert_int_equal(map->remedies[0].leaves, STRIDE);
	assert_int_equal(map->remedies[0].transient, 10 * STRIDE);
	assert_true(map->remedies[1].leaves == TRACE_UNKNOWN);
	assert_int_equal(map->resident_bytes, 10 * STRIDE);
	assert_int_equal(map->flags, 0);
	assert_int_equal(guest_claimed(&guest, 0, TRACE_BUCKETS), 8 * STRIDE);
	assert_int_equal(guest_claimed(&guest, 0, TRACE_OVERFLOW), 2 * STRIDE);
	assert_int_equal(guest.result.refused_count, 0);
	assert_int_equal(guest.result.scan_bytes, guest.result.scanned_bytes);
	guest_close(&guest);
}

static void
stale_copies_in_dead_memory_are_no_maps_and_no_noise(void **state)
{
	struct guest guest;
	guest_open(&guest);
	guest_profile(&guest, table_profile);
	uint64_t early = guest_dead(&guest, HEADER);
	uint64_t header = make_table(&guest, 8);
	insert(&guest, header, 3, 1, 0);
	copy_bytes(&guest, early, header, HEADER);
	copy_bytes(&guest, guest_dead(&guest, HEADER), header, HEADER);
	copy_bytes(&guest, GUEST_STACK + 512, header, HEADER);
	uint64_t wrong = guest_dead(&guest, HEADER);
	copy_bytes(&guest, wrong, header, HEADER);
	guest_put(&guest, wrong, 9);
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 1);
	assert_int_equal(guest.result.maps[0].address, header);
	assert_int_equal(guest.result.refused_count, 0);
	guest_close(&guest);
}

static void
the_better_place_wins_an_array(void **state)
{
	static const uint64_t places[] = {TRACE_WHERE_BLOCK, TRACE_WHERE_GLOBAL,
	                                  TRACE_WHERE_STACK, TRACE_WHERE_OTHER};
	for (size_t best = 0; best < 4; best++) {
		struct guest guest;
		guest_open(&guest);
		guest_profile(&guest, table_profile);
		uint64_t at[] = {[3] = guest_dead(&guest, HEADER),
		                 [0] = guest_block(&guest, HEADER),
		                 [1] = GUEST_GLOBAL + 64,
		                 [2] = GUEST_STACK + 64};
		make_table_at(&guest, at[best], 8);
		for (size_t i = best + 1; i < 4; i++)
			copy_bytes(&guest, at[i], at[best], HEADER);
		guest_find(&guest);
		assert_int_equal(guest.result.map_count, 1);
		assert_int_equal(guest.result.maps[0].address, at[best]);
		assert_int_equal(guest.result.maps[0].where, places[best]);
		assert_int_equal(guest.result.maps[0].header_bytes, best == 0 ? HEADER : 0);
		guest_close(&guest);
	}
}

static void
on_a_stack_the_outer_frame_wins_an_array(void **state)
{
	struct guest guest;
	guest_open(&guest);
	guest_profile(&guest, table_profile);
	uint64_t outer = GUEST_STACK + 256;
	make_table_at(&guest, outer, 8);
	copy_bytes(&guest, GUEST_STACK + 64, outer, HEADER);
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 1);
	assert_int_equal(guest.result.maps[0].address, outer);
	guest_close(&guest);
}

static void
two_live_headers_of_one_array_are_told(void **state)
{
	struct guest guest;
	guest_open(&guest);
	guest_profile(&guest, table_profile);
	uint64_t header = make_table(&guest, 8), copy = guest_block(&guest, HEADER);
	copy_bytes(&guest, copy, header, HEADER);
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 1);
	assert_int_equal(guest.result.maps[0].address, header); /* the earlier address */
	expect_refused(&guest, TRACE_REFUSED_CLAIMED, 1);
	assert_int_equal(guest.result.refused[0].bytes, 10 * STRIDE);
	guest_close(&guest);
}

static void
a_wrong_census_is_refused_and_the_copy_with_the_right_one_wins(void **state)
{
	struct guest guest;
	guest_open(&guest);
	guest_profile(&guest, table_profile);
	uint64_t header = make_table(&guest, 8), copy = GUEST_GLOBAL + 128;
	insert(&guest, header, 1, 1, 0);
	copy_bytes(&guest, copy, header, HEADER);
	guest_put(&guest, header, 5);
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 1);
	assert_int_equal(guest.result.maps[0].address, copy);
	assert_int_equal(guest.result.refused_count, 0); /* the array has its owner */
	guest_put(&guest, copy, 5);
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 0);
	expect_refused(&guest, TRACE_REFUSED_CENSUS, 1); /* one array, however many words */
	assert_int_equal(guest.result.refused[0].line, 34);
	assert_int_equal(guest_block_of(&guest, header)->map, TRACE_NONE);
	guest_close(&guest);
}

static void
what_fails_its_size_proof_is_not_told(void **state)
{
	struct guest guest;
	guest_open(&guest);
	guest_profile(&guest, table_profile);
	uint64_t header = make_table(&guest, 8);
	guest_put(&guest, header + 16, 9);
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 0);
	assert_int_equal(guest.result.refused_count, 0);
	guest_close(&guest);
}

static void
a_map_under_change_is_busy(void **state)
{
	struct guest guest;
	guest_open(&guest);
	guest_profile(&guest, table_profile);
	guest_put(&guest, make_table(&guest, 8) + 40, 1);
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 0);
	expect_refused(&guest, TRACE_REFUSED_BUSY, 1);
	guest_close(&guest);
}

static void
a_growing_table_owns_both_arrays(void **state)
{
	struct guest guest;
	guest_open(&guest);
	guest_profile(&guest, table_profile);
	uint64_t header = make_table(&guest, 8), old = guest_block(&guest, 4 * STRIDE);
	guest_put(&guest, header + 24, old);
	guest_put(&guest, header + 32, 4);
	insert(&guest, header, 0, 0, 0);
	set_cell(&guest, old + 3 * STRIDE, 0, 1, 0);
	guest_put(&guest, header, 2);
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 1);
	const struct trace_map *map = &guest.result.maps[0];
	assert_int_equal(map->flags, TRACE_MAP_GROWING);
	assert_int_equal(map->old_bucket_bytes, 4 * STRIDE);
	assert_int_equal(map->bucket_bytes, 8 * STRIDE);
	assert_int_equal(guest_claimed(&guest, 0, TRACE_BUCKETS), 12 * STRIDE);
	guest_close(&guest);
}

static void
a_header_in_a_bigger_block_leaves_the_block_alone(void **state)
{
	struct guest guest;
	guest_open(&guest);
	guest_profile(&guest, table_profile);
	uint64_t first = guest_block(&guest, 200), inner = guest_block(&guest, 200);
	make_table_at(&guest, first, 8);
	make_table_at(&guest, inner + 64, 8);
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(guest.result.maps[i].header_bytes, 0);
		assert_int_equal(guest.result.maps[i].where, TRACE_WHERE_BLOCK);
	}
	assert_int_equal(guest.result.maps[1].where_base, inner);
	assert_int_equal(guest_block_of(&guest, first)->map, TRACE_NONE);
	guest_close(&guest);
}

static void
a_value_of_two_maps_counts_once(void **state)
{
	struct guest guest;
	guest_open(&guest);
	guest_profile(&guest, table_profile);
	uint64_t one = make_table(&guest, 8), two = make_table(&guest, 8);
	uint64_t value = guest_block(&guest, 500);
	insert(&guest, one, 0, 0, value);
	insert(&guest, one, 0, 1, value);
	insert(&guest, two, 0, 0, value);
	insert(&guest, two, 0, 1, value + 8); /* no start of a block: none */
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 2);
	assert_int_equal(guest.result.maps[0].value_bytes, 500);
	assert_int_equal(guest.result.maps[0].value_blocks, 1);
	assert_int_equal(guest.result.maps[1].value_bytes, 0);
	guest_close(&guest);
}

static void
a_map_that_is_a_value_stays_a_map(void **state)
{
	struct guest guest;
	guest_open(&guest);
	guest_profile(&guest, table_profile);
	uint64_t outer = make_table(&guest, 8), inner = make_table(&guest, 8);
	insert(&guest, outer, 0, 0, inner);
	insert(&guest, outer, 0, 1, outer); /* itself too */
	insert(&guest, outer, 0, 2, guest_get(&guest, inner + 8));
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 2);
	assert_int_equal(guest.result.maps[0].value_bytes, 0);
	assert_int_equal(guest.result.maps[1].header_bytes, HEADER);
	guest_close(&guest);
}

static void
parts_that_do_not_add_up_are_refused(void **state)
{
	struct guest guest;
	guest_open(&guest);
	guest_profile(&guest,
	    "profile parts\ntitle \"t\"\nminimum 64\nwake always\n"
	    "anchor array at header points base\n"
	    "field slots u64 at header + 8\n"
	    "require size(array) == 8 * slots + 16\n"
	    "count 0\n"
	    "part buckets in array bytes 8 * slots\n"
	    "needed 0\n");
	uint64_t header = guest_block(&guest, 64);
	guest_put(&guest, header, guest_block(&guest, 8 * 16 + 16));
	guest_put(&guest, header + 8, 16);
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 0);
	expect_refused(&guest, TRACE_REFUSED_REQUIREMENT, 1);
	assert_int_equal(guest.result.refused[0].line, 9);
	guest_close(&guest);
}

static void
a_deadline_ends_it_and_what_was_found_is_true(void **state)
{
	struct guest guest;
	guest_open(&guest);
	guest_profile(&guest, table_profile);
	make_table(&guest, 8);
	guest.input.deadline_ns = 1;
	guest_find(&guest);
	assert_false(guest.result.is_complete);
	assert_non_null(guest.result.reason);
	assert_int_equal(guest.result.map_count, 0);
	assert_true(guest.result.scanned_bytes < guest.result.scan_bytes);
	guest.input.deadline_ns = UINT64_MAX;
	guest_find(&guest);
	assert_true(guest.result.is_complete);
	assert_int_equal(guest.result.map_count, 1);
	guest_close(&guest);
}

static void
an_array_of_a_wrong_size_is_not_even_tried(void **state)
{
	struct guest guest;
	guest_open(&guest);
	guest_profile(&guest, "profile sized\nwake always\n"
	              "anchor array at header points base size size % 72 == 0\n"
	              "count 5\npart buckets in array bytes size(array)\nneeded 0\n");
	guest_put(&guest, GUEST_GLOBAL, guest_block(&guest, 144));
	guest_put(&guest, GUEST_GLOBAL + 8, guest_block(&guest, 145));
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 1);
	assert_int_equal(guest.result.maps[0].address, GUEST_GLOBAL);
	assert_int_equal(guest.result.refused_count, 0);
	guest_close(&guest);
}

/* Anchors beyond the 63rd share a mark, and `plus` beyond the 32nd have no filter. */
static void
any_number_of_anchors_is_served(void **state)
{
	enum { PROFILES = 20 };
	static char text[PROFILES][512];
	static struct guest guests[PROFILES / GUEST_PROFILES];
	static const struct profile *all[PROFILES];
	static uint32_t ids[PROFILES];
	struct guest guest;
	guest_open(&guest);
	for (int p = 0; p < PROFILES; p++) {
		snprintf(text[p], sizeof text[p],
		         "profile p%d\nwake always\n"
		         "anchor a at header points base + %d size size == %d\n"
		         "anchor b at header + 4000 points base + %d size 0\n"
		         "anchor c at header + 4008 points base + %d size 0\n"
		         "anchor d at header + 4016 points base + %d size 0\n"
		         "count %d\npart buckets in base(a) bytes size(base(a))\nneeded 0\n",
		         p, 8 * p, 1000 + 8 * p, 2000 + 8 * p, 3000 + 8 * p, 4000 + 8 * p, p);
		struct guest *holder = &guests[p / GUEST_PROFILES];
		guest_profile(holder, text[p]);
		all[p] = holder->profiles[p % GUEST_PROFILES];
		ids[p] = (uint32_t)p;
		guest_put(&guest, GUEST_GLOBAL + 16 * (unsigned)p,
		          guest_block(&guest, 1000 + 8 * (unsigned)p) + 8 * (unsigned)p);
	}
	guest_find_with(&guest, all, ids, PROFILES);
	assert_int_equal(guest.result.map_count, PROFILES);
	for (int p = 0; p < PROFILES; p++)
		assert_int_equal(guest.result.maps[p].count, guest.result.maps[p].profile);
	guest_close(&guest);
	for (int g = 0; g < PROFILES / GUEST_PROFILES; g++)
		for (int p = 0; p < GUEST_PROFILES; p++)
			free(guests[g].profiles[p]);
}

static void
nothing_to_find_is_a_complete_answer(void **state)
{
	struct guest guest;
	guest_open(&guest);
	guest_find(&guest);
	assert_true(guest.result.is_complete);
	assert_int_equal(guest.result.map_count, 0);
	guest_close(&guest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_is_found_as_it_was_made),
		cmocka_unit_test(stale_copies_in_dead_memory_are_no_maps_and_no_noise),
		cmocka_unit_test(the_better_place_wins_an_array),
		cmocka_unit_test(on_a_stack_the_outer_frame_wins_an_array),
		cmocka_unit_test(two_live_headers_of_one_array_are_told),
		cmocka_unit_test(a_wrong_census_is_refused_and_the_copy_with_the_right_one_wins),
		cmocka_unit_test(what_fails_its_size_proof_is_not_told),
		cmocka_unit_test(a_map_under_change_is_busy),
		cmocka_unit_test(a_growing_table_owns_both_arrays),
		cmocka_unit_test(a_header_in_a_bigger_block_leaves_the_block_alone),
		cmocka_unit_test(a_value_of_two_maps_counts_once),
		cmocka_unit_test(a_map_that_is_a_value_stays_a_map),
		cmocka_unit_test(parts_that_do_not_add_up_are_refused),
		cmocka_unit_test(a_deadline_ends_it_and_what_was_found_is_true),
		cmocka_unit_test(an_array_of_a_wrong_size_is_not_even_tried),
		cmocka_unit_test(any_number_of_anchors_is_served),
		cmocka_unit_test(nothing_to_find_is_a_complete_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
