/*
 * The profile language against layouts of the wild that are not shipped: each sketch of
 * test_finder_layouts.h finds a map that is put together by hand, with its count and its bytes, and
 * finds none where one byte of the proof is wrong.
 */
#include "tests/unit/test_finder_guest.h"
#include "tests/unit/test_finder_layouts.h"

static void
put_byte(struct guest *guest, uint64_t address, unsigned char value)
{
	*(unsigned char *)guest_at(guest, address) = value;
}

static void
put_half(struct guest *guest, uint64_t address, uint32_t value)
{
	memcpy(guest_at(guest, address), &value, sizeof(value));
}

static void
fill(struct guest *guest, uint64_t address, unsigned char value, size_t size)
{
	memset(guest_at(guest, address), value, size);
}

static void
open_with(struct guest *guest, const char *profile)
{
	guest_open(guest);
	guest_profile(guest, profile);
}

/* The one map that must be there, and none once the byte at `proof` is another. */
static struct trace_map
expect_one(struct guest *guest, uint64_t header, uint64_t proof)
{
	struct trace_map map;

	guest_find(guest);
	assert_int_equal(guest->result.map_count, 1);
	map = guest->result.maps[0];
	assert_int_equal(map.address, header);
	put_byte(guest, proof, *(unsigned char *)guest_at(guest, proof) ^ 0x55);
	guest_find(guest);
	assert_int_equal(guest->result.map_count, 0);
	guest_close(guest);
	return map;
}

static void
an_anchor_may_point_inside_its_block(void **state)
{
	enum { SLOTS = 64, WIDTH = 16, SIZE = SLOTS * WIDTH + SLOTS + 16 };
	struct guest guest;
	open_with(&guest, hashbrown_profile);
	uint64_t header = GUEST_GLOBAL + 64, ctrl = guest_block(&guest, SIZE) + SLOTS * WIDTH;
	guest_put(&guest, header, ctrl);
	guest_put(&guest, header + 8, SLOTS - 1);
	fill(&guest, ctrl, 0xff, SLOTS + 16);
	fill(&guest, ctrl + 10, 0x11, 5);
	fill(&guest, ctrl + 20, 0x80, 2);
	guest_put(&guest, header + 16, 56 - 5 - 2);
	guest_put(&guest, header + 24, 5);
	struct trace_map map = expect_one(&guest, header, header + 8);
	assert_int_equal(map.count, 5);
	assert_int_equal(map.tombstones, 2);
	assert_int_equal(map.capacity, 56);
	assert_int_equal(map.bucket_bytes, SIZE);
	assert_int_equal(map.needed_high, 8 * WIDTH + 8 + 16);
	assert_int_equal(map.remedies[0].leaves, map.needed_high);
}

static void
an_anchor_may_point_a_constant_behind_the_start(void **state)
{
	struct guest guest;
	open_with(&guest, cookie_profile);
	uint64_t header = guest_block(&guest, 16), block = guest_block(&guest, 8 + 16 * 10);
	guest_put(&guest, header, 3);
	guest_put(&guest, header + 8, block + 8);
	guest_put(&guest, block, 10);
	struct trace_map map = expect_one(&guest, header, block);
	assert_int_equal(map.array, block);
	assert_int_equal(map.count, 3);
	assert_int_equal(map.bucket_bytes, 168);
}

static void
two_pointers_may_lead_into_one_block(void **state)
{
	enum { MOST = 63, SLOTS_AT = 80, SIZE = SLOTS_AT + MOST * 16 };
	struct guest guest;
	open_with(&guest, absl_profile);
	uint64_t header = GUEST_STACK + 128, ctrl = guest_block(&guest, SIZE);
	guest_put(&guest, header, ctrl);
	guest_put(&guest, header + 8, ctrl + SLOTS_AT);
	guest_put(&guest, header + 16, 4);
	guest_put(&guest, header + 24, MOST);
	fill(&guest, ctrl, 0x80, MOST);
	fill(&guest, ctrl + 7, 0x22, 4);
	put_byte(&guest, ctrl + MOST, 0xff);
	struct trace_map map = expect_one(&guest, header, ctrl + MOST);
	assert_int_equal(map.count, 4);
	assert_int_equal(map.capacity, 56);
	assert_int_equal(map.bucket_bytes, SIZE);
	assert_int_equal(map.where, TRACE_WHERE_STACK);
}

static void
fields_may_lie_behind_a_pointer(void **state)
{
	enum { MOST = 21, ENTRIES_AT = 32 + 32, SIZE = ENTRIES_AT + MOST * 16 };
	struct guest guest;
	open_with(&guest, dict_profile);
	uint64_t header = guest_dead(&guest, 48), keys = guest_block(&guest, SIZE);
	guest_put(&guest, header + 16, 2);
	guest_put(&guest, header + 32, keys);
	put_byte(&guest, keys + 8, 5);
	put_byte(&guest, keys + 9, 5);
	put_byte(&guest, keys + 10, 1);
	guest_put(&guest, keys + 24, 3);
	guest_put(&guest, keys + ENTRIES_AT + 8, 1);
	guest_put(&guest, keys + ENTRIES_AT + 2 * 16 + 8, 1);
	struct trace_map map = expect_one(&guest, header, keys + 9);
	assert_int_equal(map.count, 2);
	assert_int_equal(map.tombstones, 1);
	assert_int_equal(map.capacity, MOST);
	assert_int_equal(map.bucket_bytes, SIZE);
}

/* An entry of a list that begins at `bucket`, with a key of 10 bytes. */
static void
push(struct guest *guest, uint64_t bucket)
{
	uint64_t node = guest_block(guest, 24);

	guest_put(guest, node, guest_block(guest, 10));
	guest_put(guest, node + 16, guest_get(guest, bucket));
	guest_put(guest, bucket, node);
}

static void
two_tables_of_lists_are_one_map(void **state)
{
	struct guest guest;
	open_with(&guest, redis_profile);
	uint64_t header = guest_block(&guest, 56);
	uint64_t old = guest_block(&guest, 8 << 3), new = guest_block(&guest, 8 << 4);
	guest_put(&guest, header + 8, old);
	guest_put(&guest, header + 16, new);
	guest_put(&guest, header + 24, 2);
	guest_put(&guest, header + 32, 1);
	guest_put(&guest, header + 40, 4);
	put_byte(&guest, header + 50, 3);
	put_byte(&guest, header + 51, 4);
	push(&guest, old + 8 * 5);
	push(&guest, old + 8 * 5);
	push(&guest, new + 8 * 2);
	struct trace_map map = expect_one(&guest, header, header + 24);
	assert_int_equal(map.count, 3);
	assert_int_equal(map.flags & TRACE_MAP_GROWING, TRACE_MAP_GROWING);
	assert_int_equal(map.header_bytes, 56);
	assert_int_equal(map.bucket_bytes, 8 << 4);
	assert_int_equal(map.old_bucket_bytes, 8 << 3);
	assert_int_equal(map.overflow_bytes, 3 * 24);
	assert_int_equal(map.value_bytes, 3 * 10);
	assert_int_equal(map.needed_high, 8 * 4 + 3 * 24);
}

static void
entries_may_be_bits_of_another_array(void **state)
{
	enum { SLOTS = 32 };
	struct guest guest;
	open_with(&guest, khash_profile);
	uint64_t header = guest_block(&guest, 40), keys = guest_block(&guest, 4 * SLOTS);
	uint64_t flags = guest_block(&guest, SLOTS / 4), values = guest_block(&guest, 8 * SLOTS);
	put_half(&guest, header, SLOTS);
	put_half(&guest, header + 4, 2);
	put_half(&guest, header + 8, 3);
	guest_put(&guest, header + 16, flags);
	guest_put(&guest, header + 24, keys);
	guest_put(&guest, header + 32, values);
	put_half(&guest, flags, 0xaaaaaaa4);     /* slot 0 live, 1 deleted, the others empty */
	put_half(&guest, flags + 4, 0x2aaaaaaa); /* slot 31 live */
	struct trace_map map = expect_one(&guest, header, flags + 7);
	assert_int_equal(map.count, 2);
	assert_int_equal(map.tombstones, 1);
	assert_int_equal(map.capacity, 25);
	assert_int_equal(map.bucket_bytes, 4 * SLOTS + SLOTS / 4 + 8 * SLOTS);
}

static void
a_negative_mask_sizes_what_lies_before(void **state)
{
	enum { SLOTS = 16 };
	struct guest guest;
	open_with(&guest, php_profile);
	uint64_t header = guest_block(&guest, 56), block = guest_block(&guest, 40 * SLOTS);
	uint64_t data = block + 8 * SLOTS;
	put_half(&guest, header + 12, -2u * SLOTS);
	guest_put(&guest, header + 16, data);
	put_half(&guest, header + 24, 3);
	put_half(&guest, header + 28, 2);
	put_half(&guest, header + 32, SLOTS);
	put_byte(&guest, data + 8, 4);
	put_byte(&guest, data + 2 * 32 + 8, 6);
	struct trace_map map = expect_one(&guest, header, header + 28);
	assert_int_equal(map.count, 2);
	assert_int_equal(map.capacity, SLOTS);
	assert_int_equal(map.array, block);
	assert_int_equal(map.bucket_bytes, 40 * SLOTS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_anchor_may_point_inside_its_block),
	    cmocka_unit_test(an_anchor_may_point_a_constant_behind_the_start),
	    cmocka_unit_test(two_pointers_may_lead_into_one_block),
	    cmocka_unit_test(fields_may_lie_behind_a_pointer),
	    cmocka_unit_test(two_tables_of_lists_are_one_map),
	    cmocka_unit_test(entries_may_be_bits_of_another_array),
	    cmocka_unit_test(a_negative_mask_sizes_what_lies_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
