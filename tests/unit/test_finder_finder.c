/*
 * Maps found in guests that are put together by hand: what is a map, what is only a copy of one, who
 * owns which byte, and what is refused for which reason.
 */
#include "tests/unit/test_finder_guest.h"

_Static_assert((int)PROFILE_BUCKETS == (int)TRACE_BUCKETS, "one numbering of roles");
_Static_assert((int)PROFILE_OVERFLOW == (int)TRACE_OVERFLOW, "one numbering of roles");
_Static_assert((int)PROFILE_VALUES == (int)TRACE_VALUES, "one numbering of roles");
_Static_assert((int)PROFILE_HEADER == (int)TRACE_HEADER, "one numbering of roles");
_Static_assert((int)PROFILE_OTHER == (int)TRACE_OTHER, "one numbering of roles");

/*
 * A table of buckets with four cells: four states (0 free, 1 live, 2 dead), four values, and the
 * next bucket, 72 bytes in all. As many again as 1/4 of the slots are reserved behind them.
 *
 *     header: count +0, array +8, slots +16, old array +24, old slots +32, busy +40
 */
enum { CELLS = 4, STRIDE = 72, HEADER = 48 };

static const char table_profile[] =
    "profile table\n"
    "title \"test table\"\n"
    "minimum 64\n"
    "wake always\n"
    "anchor array at header + 8 points base\n"
    "field entries u64 at header\n"
    "field slots u64 at header + 16\n"
    "field old ptr at header + 24\n"
    "field old_slots u64 at header + 32\n"
    "field busy u64 at header + 40\n"
    "require slots >= 1 && slots < 100000 && old_slots < 100000\n"
    "require size(array) == 72 * (slots + slots / 4)\n"
    "require size(old) == 72 * old_slots\n"
    "quiet busy == 0\n"
    "walk main table {\n"
    "at array\n"
    "count slots\n"
    "stride 72\n"
    "cells 4\n"
    "live u8[bucket + cell] == 1\n"
    "dead u8[bucket + cell] == 2\n"
    "next ptr[bucket + 64]\n"
    "size 72\n"
    "value ptr[bucket + 8 + 8 * cell]\n"
    "}\n"
    "walk previous table {\n"
    "when old != 0\n"
    "at old\n"
    "count old_slots\n"
    "stride 72\n"
    "cells 4\n"
    "live u8[bucket + cell] == 1\n"
    "}\n"
    "require live(main) + live(previous) == entries\n"
    "count entries\n"
    "part header in header bytes 48\n"
    "part buckets in array bytes 72 * slots\n"
    "part reserved in array bytes 72 * (slots / 4)\n"
    "part old in old bytes 72 * old_slots\n"
    "capacity 4 * slots\n"
    "tombstones dead(main)\n"
    "growing old != 0\n"
    "needed 72 * max(1, count / 4)\n"
    "remedy rebuild \"make it anew\" leaves needed transient held\n";

/* A list of nodes as libstdc++ has it: header: array +0, slots +8, first +16, count +24. Node:
 * next +0, payload to 40 bytes. */
static const char chain_profile[] =
    "profile chain\n"
    "title \"test chain\"\n"
    "minimum 64\n"
    "wake always\n"
    "anchor array at header points base\n"
    "field slots u64 at header + 8\n"
    "field first ptr at header + 16\n"
    "field entries u64 at header + 24\n"
    "require slots >= 8 && slots < 1M\n"
    "require size(array) == 8 * slots\n"
    "walk nodes chain {\n"
    "from first\n"
    "next ptr[node]\n"
    "value ptr[node + 16]\n"
    "}\n"
    "require live(nodes) == entries\n"
    "count entries\n"
    "part buckets in array bytes 8 * slots\n"
    "capacity slots\n"
    "needed about 8 * max(8, count) + 40 * count\n";

static uint64_t
make_table_at(struct guest *guest, uint64_t header, uint64_t slots)
{
	uint64_t array = guest_block(guest, STRIDE * (slots + slots / 4));
	guest_put(guest, header + 8, array);
	guest_put(guest, header + 16, slots);
	return array;
}

static uint64_t
make_table(struct guest *guest, uint64_t slots)
{
	uint64_t header = guest_block(guest, HEADER);
	make_table_at(guest, header, slots);
	return header;
}

static void
set_cell(struct guest *guest, uint64_t bucket, unsigned cell, unsigned char state, uint64_t value)
{
	*((unsigned char *)guest_at(guest, bucket) + cell) = state;
	guest_put(guest, bucket + 8 + 8 * cell, value);
}

static void
insert(struct guest *guest, uint64_t header, unsigned slot, unsigned cell, uint64_t value)
{
	set_cell(guest, guest_get(guest, header + 8) + STRIDE * slot, cell, 1, value);
	guest_put(guest, header, guest_get(guest, header) + 1);
}

static uint64_t
make_chain(struct guest *guest, uint64_t header, unsigned nodes)
{
	uint64_t array = guest_block(guest, 8 * 16), last = header + 16;
	guest_put(guest, header, array);
	guest_put(guest, header + 8, 16);
	guest_put(guest, header + 24, nodes);
	for (unsigned i = 0; i < nodes; i++) {
		uint64_t node = guest_block(guest, 40);
		guest_put(guest, last, node);
		last = node;
	}
	return array;
}

static void
copy_bytes(struct guest *guest, uint64_t to, uint64_t from, size_t size)
{
	memcpy(guest_at(guest, to), guest_at(guest, from), size);
}

static void
expect_refused(const struct guest *guest, enum trace_refusal reason, uint32_t candidates)
{
	assert_int_equal(guest->result.refused_count, 1);
	assert_int_equal(guest->result.refused[0].reason, reason);
	assert_int_equal(guest->result.refused[0].candidates, candidates);
}

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
		uint64_t at[] = {[3] = guest_dead(&guest, HEADER), [0] = guest_block(&guest, HEADER),
		                 [1] = GUEST_GLOBAL + 64, [2] = GUEST_STACK + 64};
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
	assert_int_equal(map->old_array, old);
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
nothing_to_find_is_a_complete_answer(void **state)
{
	struct guest guest;
	guest_open(&guest);
	guest_find(&guest);
	assert_true(guest.result.is_complete);
	assert_int_equal(guest.result.map_count, 0);
	guest_close(&guest);
}

static uint64_t
next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* A word that leads a walk astray more often than a random one. */
static uint64_t
bad_word(struct guest *guest, uint64_t *seed)
{
	uint64_t random = next_random(seed);
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
	uint64_t seed = 88172645463325252ull;
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
			guest_put(&guest, GUEST_HEAP + next_random(&seed) % guest.used / 8 * 8,
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
		cmocka_unit_test(a_table_is_found_as_it_was_made),
		cmocka_unit_test(chained_buckets_may_be_reserved_or_blocks_of_their_own),
		cmocka_unit_test(a_chained_bucket_of_another_size_is_refused),
		cmocka_unit_test(stale_copies_in_dead_memory_are_no_maps_and_no_noise),
		cmocka_unit_test(the_better_place_wins_an_array),
		cmocka_unit_test(two_live_headers_of_one_array_are_told),
		cmocka_unit_test(a_wrong_census_is_refused_and_the_copy_with_the_right_one_wins),
		cmocka_unit_test(what_fails_its_size_proof_is_not_told),
		cmocka_unit_test(a_map_under_change_is_busy),
		cmocka_unit_test(a_growing_table_owns_both_arrays),
		cmocka_unit_test(a_header_in_a_bigger_block_leaves_the_block_alone),
		cmocka_unit_test(a_value_of_two_maps_counts_once),
		cmocka_unit_test(a_map_that_is_a_value_stays_a_map),
		cmocka_unit_test(a_chain_is_found_in_full),
		cmocka_unit_test(a_circle_ends_and_is_refused),
		cmocka_unit_test(a_chain_that_leads_outside_is_refused),
		cmocka_unit_test(a_node_of_another_map_is_refused),
		cmocka_unit_test(one_entry_may_be_on_its_way_out),
		cmocka_unit_test(freeing_a_node_that_is_still_linked_changes_nothing),
		cmocka_unit_test(parts_that_do_not_add_up_are_refused),
		cmocka_unit_test(a_count_times_a_stride_cannot_overflow),
		cmocka_unit_test(needed_can_hang_on_how_entries_fold),
		cmocka_unit_test(a_deadline_ends_it_and_what_was_found_is_true),
		cmocka_unit_test(nothing_to_find_is_a_complete_answer),
		cmocka_unit_test(corruption_never_crashes_and_never_counts_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
