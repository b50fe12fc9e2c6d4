/*
 * Walks of tables and chains in guests made by hand: what they reach and count, and that no pointer
 * of the guest leads them outside its live blocks or round in a circle.
 */
#include "tests/unit/test_finder_maps.h"

static void
chained_buckets_may_be_reserved_or_blocks_of_their_own(void **state)
{
	struct guest guest;
	guest_open(&guest);
	guest_profile(&guest, table_profile);
	uint64_t header = make_table(&guest, 8), array = guest_get(&guest, header + 8);
	uint64_t reserved = array + 8 * STRIDE, own = guest_block(&guest, STRIDE);
	guest_put(&guest, array + 64, reserved);
	guest_put(&guest, reserved + 64, own);
	set_cell(&guest, reserved, 0, 1, 0);
	set_cell(&guest, own, 2, 1, 0);
	guest_put(&guest, header, 2);
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 1);
	assert_int_equal(guest.result.maps[0].overflow_bytes, 3 * STRIDE);
	assert_int_equal(guest.result.maps[0].overflow_blocks, 1);
	assert_int_equal(guest_block_of(&guest, own)->map, 0);
	guest_put(&guest, array + 64, array + STRIDE); /* a main slot is no overflow bucket */
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 0);
	expect_refused(&guest, TRACE_REFUSED_WALK, 1);
	guest_close(&guest);
}

static void
a_chained_bucket_of_another_size_is_refused(void **state)
{
	struct guest guest;
	guest_open(&guest);
	guest_profile(&guest, table_profile);
	uint64_t header = make_table(&guest, 8), array = guest_get(&guest, header + 8);
	guest_put(&guest, array + 64, guest_block(&guest, STRIDE + 8));
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 0);
	expect_refused(&guest, TRACE_REFUSED_WALK, 1);
	guest_close(&guest);
}

static void
a_chain_is_found_in_full(void **state)
{
	struct guest guest;
	guest_open(&guest);
	guest_profile(&guest, chain_profile);
	uint64_t array = make_chain(&guest, GUEST_GLOBAL + 80, 10);
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 1);
	const struct trace_map *map = &guest.result.maps[0];
	assert_int_equal(map->address, GUEST_GLOBAL + 80);
	assert_int_equal(map->array, array);
	assert_int_equal(map->where, TRACE_WHERE_GLOBAL);
	assert_int_equal(map->where_base, GUEST_GLOBAL);
	assert_int_equal(map->count, 10);
	assert_int_equal(map->overflow_bytes, 400);
	assert_int_equal(map->overflow_blocks, 10);
	assert_int_equal(map->flags, TRACE_MAP_NEEDED_ESTIMATE);
	assert_true(map->tombstones == TRACE_UNKNOWN);
	guest_close(&guest);
}

/* Ten nodes in one block, a slab: they count, the slab stays nobody's, and each must be valid. */
static void
nodes_in_a_slab_count_and_take_no_bytes(void **state)
{
	static const char slab_profile[] =
	    "profile slab\n"
	    "title \"test slab\"\n"
	    "minimum 64\n"
	    "wake always\n"
	    "anchor array at header points base\n"
	    "require size(array) == 128\n"
	    "walk nodes chain {\n"
	    "from ptr[header + 16]\n"
	    "next ptr[node]\n"
	    "block node\n"
	    "valid u64[node + 8] == 7\n"
	    "role other\n"
	    "}\n"
	    "count live(nodes)\n"
	    "part buckets in array bytes 128\n"
	    "needed 128\n";
	struct guest guest;
	guest_open(&guest);
	guest_profile(&guest, slab_profile);
	uint64_t slab = guest_block(&guest, 1000), last = GUEST_GLOBAL + 96;
	guest_put(&guest, GUEST_GLOBAL + 80, guest_block(&guest, 128));
	for (uint64_t node = slab; node < slab + 10 * 32; node += 32) {
		guest_put(&guest, last, node);
		guest_put(&guest, node + 8, 7);
		last = node;
	}
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 1);
	assert_int_equal(guest.result.maps[0].count, 10);
	assert_int_equal(guest.result.maps[0].overflow_bytes, 0);
	assert_int_equal(guest_block_of(&guest, slab)->map, TRACE_NONE);
	guest_put(&guest, last + 8, 8);
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 0);
	expect_refused(&guest, TRACE_REFUSED_WALK, 1);
	guest_put(&guest, last + 8, 7);
	guest_put(&guest, last, slab); /* round in a circle */
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 0);
	guest_close(&guest);
}

static void
a_circle_ends_and_is_refused(void **state)
{
	struct guest guest;
	guest_open(&guest);
	guest_profile(&guest, chain_profile);
	uint64_t header = guest_block(&guest, 64);
	make_chain(&guest, header, 10);
	uint64_t first = guest_get(&guest, header + 16);
	guest_put(&guest, guest_get(&guest, first), first);
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 0);
	expect_refused(&guest, TRACE_REFUSED_WALK, 1);
	assert_int_equal(guest_block_of(&guest, first)->map, TRACE_NONE);
	guest_close(&guest);
}

static void
a_chain_that_leads_outside_is_refused(void **state)
{
	struct guest guest;
	guest_open(&guest);
	guest_profile(&guest, chain_profile);
	uint64_t header = guest_block(&guest, 64);
	make_chain(&guest, header, 10);
	uint64_t first = guest_get(&guest, header + 16);
	static const uint64_t targets[] = {8, GUEST_GLOBAL, 0x123456789000, 1ull << 63, ~0ull};
	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
		guest_put(&guest, first, targets[i]);
		guest_find(&guest);
		assert_int_equal(guest.result.map_count, 0);
		expect_refused(&guest, TRACE_REFUSED_WALK, 1);
	}
	guest_close(&guest);
}

static void
a_node_of_another_map_is_refused(void **state)
{
	struct guest guest;
	guest_open(&guest);
	guest_profile(&guest, chain_profile);
	make_chain(&guest, GUEST_GLOBAL, 4);
	make_chain(&guest, GUEST_GLOBAL + 64, 0);
	guest_put(&guest, GUEST_GLOBAL + 64 + 16, guest_get(&guest, GUEST_GLOBAL + 16));
	guest_put(&guest, GUEST_GLOBAL + 64 + 24, 4);
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 1);
	assert_int_equal(guest.result.maps[0].address, GUEST_GLOBAL);
	expect_refused(&guest, TRACE_REFUSED_CLAIMED, 1);
	guest_close(&guest);
}

static void
one_entry_may_be_on_its_way_out(void **state)
{
	struct guest guest;
	guest_open(&guest);
	guest_profile(&guest, chain_profile);
	make_chain(&guest, GUEST_GLOBAL, 10);
	uint64_t leaving = guest_get(&guest, GUEST_GLOBAL + 16);
	guest_put(&guest, GUEST_GLOBAL + 16, guest_get(&guest, leaving));
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 0);
	expect_refused(&guest, TRACE_REFUSED_CENSUS, 1);
	guest.input.freeing = leaving;
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 1);
	assert_int_equal(guest.result.maps[0].count, 9);
	assert_int_equal(guest.result.maps[0].overflow_blocks, 9);
	assert_true(guest.result.maps[0].flags & TRACE_MAP_MID_ERASE);
	assert_int_equal(guest_block_of(&guest, leaving)->map, TRACE_NONE);
	guest_put(&guest, GUEST_GLOBAL + 24, 11); /* two missing: no */
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 0);
	guest_put(&guest, GUEST_GLOBAL + 24, 10);
	guest.input.freeing = guest_block(&guest, 48); /* no node of this map: no */
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 0);
	guest_close(&guest);
}

static void
freeing_a_node_that_is_still_linked_changes_nothing(void **state)
{
	struct guest guest;
	guest_open(&guest);
	guest_profile(&guest, chain_profile);
	make_chain(&guest, GUEST_GLOBAL, 10);
	guest.input.freeing = guest_get(&guest, GUEST_GLOBAL + 16);
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 1);
	assert_int_equal(guest.result.maps[0].count, 10);
	guest_put(&guest, GUEST_GLOBAL + 24, 11);
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 0);
	guest_close(&guest);
}

static void
a_count_times_a_stride_cannot_overflow(void **state)
{
	struct guest guest;
	guest_open(&guest);
	guest_profile(&guest,
	    "profile wild\ntitle \"t\"\nminimum 64\nwake always\n"
	    "anchor array at header points base\n"
	    "field slots u64 at header + 8\n"
	    "field stride u64 at header + 16\n"
	    "require size(array) == 128\n"
	    "walk w table {\nat array\ncount slots\nstride stride\nlive u8[bucket]\n}\n"
	    "count live(w)\n"
	    "part buckets in array bytes 128\n"
	    "needed 0\n");
	uint64_t header = guest_block(&guest, 64);
	guest_put(&guest, header, guest_block(&guest, 128));
	static const uint64_t bad[][2] = {
		{1ull << 62, 4}, {1ull << 32, 1ull << 32}, {129, 1}, {1, 0}, {16, 9},
		{INT64_MAX, INT64_MAX}, {1ull << 63, 1},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		guest_put(&guest, header + 8, bad[i][0]);
		guest_put(&guest, header + 16, bad[i][1]);
		guest_find(&guest);
		assert_int_equal(guest.result.map_count, 0);
		expect_refused(&guest, TRACE_REFUSED_WALK, 1);
	}
	guest_put(&guest, header + 8, 16);
	guest_put(&guest, header + 16, 8);
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 1);
	guest_close(&guest);
}

static void
needed_can_hang_on_how_entries_fold(void **state)
{
	struct guest guest;
	guest_open(&guest);
	guest_profile(&guest,
	    "profile folds\ntitle \"t\"\nminimum 64\nwake always\n"
	    "anchor array at header points base\n"
	    "field slots u64 at header + 8\n"
	    "require size(array) == 4 * slots\n"
	    "walk w table {\nat array\ncount slots\nstride 4\ncells 4\nlive u8[bucket + cell]\n}\n"
	    "count live(w)\n"
	    "part buckets in array bytes 4 * slots\n"
	    "needed 100 * fold(w, 1) + deepest(w, 1) to 100000\n");
	uint64_t header = guest_block(&guest, 64), array = guest_block(&guest, 4 * 16);
	guest_put(&guest, header, array);
	guest_put(&guest, header + 8, 16);
	for (unsigned slot = 0; slot < 16; slot += 2) /* all fold onto slot 0 of 2 */
		*(unsigned char *)guest_at(&guest, array + 4 * slot) = 1;
	*(unsigned char *)guest_at(&guest, array + 1) = 1;
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 1);
	assert_int_equal(guest.result.maps[0].count, 9);
	/* 9 entries in one slot of 4 cells: two overflow buckets */
	assert_int_equal(guest.result.maps[0].needed_low, 200 + 9);
	assert_int_equal(guest.result.maps[0].needed_high, 100000);
	assert_int_equal(guest.result.maps[0].flags, TRACE_MAP_NEEDED_ESTIMATE);
	guest_close(&guest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chained_buckets_may_be_reserved_or_blocks_of_their_own),
		cmocka_unit_test(a_chained_bucket_of_another_size_is_refused),
		cmocka_unit_test(a_chain_is_found_in_full),
		cmocka_unit_test(nodes_in_a_slab_count_and_take_no_bytes),
		cmocka_unit_test(a_circle_ends_and_is_refused),
		cmocka_unit_test(a_chain_that_leads_outside_is_refused),
		cmocka_unit_test(a_node_of_another_map_is_refused),
		cmocka_unit_test(one_entry_may_be_on_its_way_out),
		cmocka_unit_test(freeing_a_node_that_is_still_linked_changes_nothing),
		cmocka_unit_test(a_count_times_a_stride_cannot_overflow),
		cmocka_unit_test(needed_can_hang_on_how_entries_fold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
