/* Go's map up to 1.23 in a program put together by hand: what it holds to the byte, what a fresh
 * one would take, who holds it, and that what does not add up is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/test_golang_guest.h"

enum { INT_GROUP = 8 + 8 * 8 + 8 * 8 + 8 }; /* map[int]int: 144 bytes, a size class of its own */

static uint64_t
int_map_type(struct guest *guest)
{
	return guest_map_type(guest, "map[int]int", guest->int_type, 8, false, false);
}

static uint64_t
put_header(struct guest *guest, uint64_t count, unsigned bits, uint64_t array)
{
	uint64_t header = guest_block(guest, 48, true);
	guest_word(guest, header, count);
	guest_put(guest, header + 9, bits, 1);
	guest_put(guest, header + 12, 0x1234567, 4);
	guest_word(guest, header + 16, array);
	return header;
}

static void
fill(struct guest *guest, uint64_t bucket, unsigned cells)
{
	for (unsigned i = 0; i < cells; i++) {
		guest_put(guest, bucket + i, 200, 1);
		guest_word(guest, bucket + 8 + 8 * i, 77);
	}
}

static void
a_small_map_in_a_global(void **state)
{
	struct guest guest;
	guest_open(&guest, 19, "go1.19.8");
	int_map_type(&guest);
	uint64_t array = guest_block(&guest, INT_GROUP, false);
	uint64_t header = put_header(&guest, 5, 0, array);
	fill(&guest, array, 5);
	guest_word(&guest, array + 8 + 8 * 7, 1); /* a key that was deleted */
	guest_word(&guest, GUEST_GLOBALS + 64, header);
	assert_int_equal(guest_find(&guest), GOLANG_FOUND);
	assert_string_equal(guest.result.version, "go1.19.8");
	assert_int_equal(guest.result.layout, GOLANG_CLASSIC);
	assert_int_equal(guest.result.map_count, 1);
	const struct golang_map *row = guest.result.maps;
	assert_int_equal(row->map.address, header);
	assert_int_equal(row->map.count, 5);
	assert_int_equal(row->map.capacity, 8);
	assert_int_equal(row->map.bucket_bytes, INT_GROUP);
	assert_int_equal(row->map.needed_low, INT_GROUP);
	assert_int_equal(row->map.header_bytes, 48);
	assert_int_equal(row->residue, 1);
	assert_int_equal(row->candidates, 1);
	assert_string_equal(guest.result.texts + row->map.type, "map[int]int");
	assert_int_equal(row->held, GOLANG_HELD_GLOBAL);
	assert_int_equal(row->root, GUEST_GLOBALS + 64);
	assert_string_equal(guest.result.texts + row->map.place, "global 0x404440");
	assert_int_equal(guest.result.claim_count, 2);
	assert_int_equal(guest.result.totals.objects, 10);
	guest_close(&guest);
}

/* B = 4: 16 buckets and one in reserve are 2,448 bytes in a block of 2,688, which has room for one
 * more: two in reserve. */
static void
reserve_and_chain_are_overflow(void **state)
{
	struct guest guest;
	guest_open(&guest, 20, "go1.20.1");
	int_map_type(&guest);
	uint64_t array = guest_block(&guest, 2688, false);
	uint64_t chained = guest_block(&guest, INT_GROUP, false);
	uint64_t header = put_header(&guest, 8 + 8 + 3, 4, array);
	uint64_t reserved = array + 16 * INT_GROUP;
	fill(&guest, array + 5 * INT_GROUP, 8);
	fill(&guest, reserved, 8);
	fill(&guest, chained, 3);
	guest_word(&guest, array + 6 * INT_GROUP - 8, reserved);
	guest_word(&guest, reserved + INT_GROUP - 8, chained);
	guest_word(&guest, GUEST_GLOBALS, header);
	assert_int_equal(guest_find(&guest), GOLANG_FOUND);
	assert_int_equal(guest.result.map_count, 1);
	const struct golang_map *row = guest.result.maps;
	assert_int_equal(row->map.bucket_bytes, 16 * INT_GROUP);
	assert_int_equal(row->map.overflow_bytes, 3 * INT_GROUP);
	assert_int_equal(row->map.overflow_reserved_bytes, 2 * INT_GROUP);
	assert_int_equal(row->map.overflow_blocks, 1);
	assert_int_equal(row->overflow_used_reserved, 1);
	assert_int_equal(row->map.used_buckets, 1);
	assert_int_equal(row->map.longest_chain, 19);
	assert_int_equal(row->slot_bytes[TRACE_BUCKETS] + row->slot_bytes[TRACE_OVERFLOW],
	                 2688 + INT_GROUP);
	/* 19 entries fit into 4 buckets; they all lie in bucket 5 mod 4 = 1, with two chained. */
	assert_int_equal(row->map.needed_low, (4 + 2) * INT_GROUP);
	assert_int_equal(row->map.needed_high, row->map.needed_low);
	guest_close(&guest);
}

static void
a_growing_map_has_two_arrays(void **state)
{
	struct guest guest;
	guest_open(&guest, 19, "go1.19");
	int_map_type(&guest);
	uint64_t old = guest_block(&guest, INT_GROUP, false);
	uint64_t array = guest_block(&guest, 2 * INT_GROUP, false);
	uint64_t header = put_header(&guest, 9, 1, array);
	fill(&guest, array, 1);
	fill(&guest, old, 8);
	guest_word(&guest, header + 24, old);
	guest_word(&guest, GUEST_GLOBALS, header);
	assert_int_equal(guest_find(&guest), GOLANG_FOUND);
	const struct golang_map *row = guest.result.maps;
	assert_int_equal(guest.result.map_count, 1);
	assert_true(row->map.flags & TRACE_MAP_GROWING);
	assert_int_equal(row->map.bucket_bytes, 2 * INT_GROUP);
	assert_int_equal(row->map.old_bucket_bytes, INT_GROUP);
	/* Insertions alone lead here: nothing is retained. */
	assert_int_equal(row->map.needed_low, 3 * INT_GROUP);
	guest_close(&guest);
}

/* At the end of a list longer than the path that is told. */
static void
a_map_at_the_end_of_a_long_list_has_its_global(void **state)
{
	enum { LENGTH = 100 };
	struct guest guest;
	guest_open(&guest, 19, "go1.19.8");
	int_map_type(&guest);
	uint64_t array = guest_block(&guest, INT_GROUP, false);
	uint64_t next = put_header(&guest, 5, 0, array);
	fill(&guest, array, 5);
	for (unsigned i = 0; i < LENGTH; i++) {
		uint64_t link = guest_block(&guest, 16, true);
		guest_word(&guest, link + 8, next);
		next = link;
	}
	guest_word(&guest, GUEST_GLOBALS + 64, next);
	assert_int_equal(guest_find(&guest), GOLANG_FOUND);
	assert_int_equal(guest.result.map_count, 1);
	const struct golang_map *row = guest.result.maps;
	assert_int_equal(row->held, GOLANG_HELD_GLOBAL);
	assert_int_equal(row->root, GUEST_GLOBALS + 64);
	assert_string_equal(guest.result.texts + row->path,
	                    "16 B +8 > 16 B +8 > 16 B +8 > 16 B +8 > 16 B +8 > 16 B +8 > ...");
	guest_close(&guest);
}

/* 9 entries, of which `seen` are in the two arrays, in a map that grows. */
static void
find_moving(struct guest *guest, unsigned seen, unsigned flags)
{
	guest_open(guest, 19, "go1.19");
	int_map_type(guest);
	uint64_t old = guest_block(guest, INT_GROUP, false);
	uint64_t array = guest_block(guest, 2 * INT_GROUP, false);
	uint64_t header = put_header(guest, 9, 1, array);
	guest_put(guest, header + 8, flags, 1);
	fill(guest, array, 4);
	fill(guest, old, seen - 4);
	guest_word(guest, header + 24, old);
	guest_word(guest, GUEST_GLOBALS, header);
	assert_int_equal(guest_find(guest), GOLANG_FOUND);
}

/* Stopped between the mark in the old array and the write into the new one; without a reserve, the
 * bucket that the entry goes to may need one more. */
static void
one_entry_may_be_moving(void **state)
{
	struct guest guest;
	find_moving(&guest, 8, 4);
	assert_int_equal(guest.result.map_count, 1);
	const struct golang_map *row = guest.result.maps;
	assert_int_equal(row->map.count, 9);
	assert_int_equal(row->map.bucket_bytes, 2 * INT_GROUP);
	assert_int_equal(row->map.old_bucket_bytes, INT_GROUP);
	assert_int_equal(row->map.needed_low, 3 * INT_GROUP);
	assert_int_equal(row->map.needed_high, 4 * INT_GROUP);
	assert_true(row->map.flags & TRACE_MAP_NEEDED_ESTIMATE);
	guest_close(&guest);
}

static void
no_more_than_one_and_only_while_it_is_written(void **state)
{
	struct guest guest;
	find_moving(&guest, 7, 4);
	assert_int_equal(guest.result.map_count, 0);
	assert_int_equal(guest.result.refused[0].reason, TRACE_REFUSED_BUSY);
	guest_close(&guest);
	find_moving(&guest, 8, 0);
	assert_int_equal(guest.result.map_count, 0);
	assert_int_equal(guest.result.refused[0].reason, TRACE_REFUSED_CENSUS);
	guest_close(&guest);
}

static void
a_count_that_is_not_so_is_refused(void **state)
{
	struct guest guest;
	guest_open(&guest, 19, "go1.19");
	int_map_type(&guest);
	uint64_t array = guest_block(&guest, INT_GROUP, false);
	put_header(&guest, 5, 0, array);
	fill(&guest, array, 4);
	assert_int_equal(guest_find(&guest), GOLANG_FOUND);
	assert_int_equal(guest.result.map_count, 0);
	assert_int_equal(guest.result.refused_count, 1);
	assert_int_equal(guest.result.refused[0].reason, TRACE_REFUSED_CENSUS);
	assert_int_equal(guest.result.totals.unexplained, 1);
	guest_close(&guest);
}

static void
a_chain_in_a_circle_ends(void **state)
{
	struct guest guest;
	guest_open(&guest, 19, "go1.19");
	int_map_type(&guest);
	uint64_t array = guest_block(&guest, INT_GROUP, false);
	uint64_t chained = guest_block(&guest, INT_GROUP, false);
	put_header(&guest, 16, 0, array);
	fill(&guest, array, 8);
	fill(&guest, chained, 8);
	guest_word(&guest, array + INT_GROUP - 8, chained);
	guest_word(&guest, chained + INT_GROUP - 8, chained);
	assert_int_equal(guest_find(&guest), GOLANG_FOUND);
	assert_int_equal(guest.result.map_count, 0);
	assert_int_equal(guest.result.refused[0].reason, TRACE_REFUSED_WALK);
	guest_close(&guest);
}

static void
garbage_is_told_apart(void **state)
{
	struct guest guest;
	guest_open(&guest, 19, "go1.19");
	int_map_type(&guest);
	uint64_t array = guest_block(&guest, INT_GROUP, false);
	put_header(&guest, 1, 0, array);
	fill(&guest, array, 1);
	assert_int_equal(guest_find(&guest), GOLANG_FOUND);
	assert_int_equal(guest.result.map_count, 1);
	assert_int_equal(guest.result.maps[0].held, GOLANG_HELD_NOTHING);
	assert_int_equal(guest.result.totals.reachable_objects, 0);
	guest_close(&guest);
}

/* C's linker puts data with pointers first. */
static void
sections_may_come_in_another_order(void **state)
{
	struct guest guest;
	uint64_t ranges = GUEST_IMAGE + 0x4100 + 192;
	guest_open(&guest, 19, "go1.19");
	int_map_type(&guest);
	uint64_t array = guest_block(&guest, INT_GROUP, false);
	guest_word(&guest, GUEST_IMAGE + 0x4050, put_header(&guest, 1, 0, array));
	fill(&guest, array, 1);
	guest_word(&guest, ranges, GUEST_GLOBALS);
	guest_word(&guest, ranges + 8, GUEST_LISTS);
	guest_word(&guest, ranges + 16, GUEST_IMAGE + 0x4000);
	guest_word(&guest, ranges + 24, GUEST_GLOBALS);
	assert_int_equal(guest_find(&guest), GOLANG_FOUND);
	assert_int_equal(guest.result.map_count, 1);
	assert_int_equal(guest.result.maps[0].root, GUEST_IMAGE + 0x4050);
	guest_close(&guest);
}

/* Of two pointed at, one is also in a global. Out of line, both are the map's own. */
static void
values_that_others_hold_are_shared(void **state)
{
	struct guest guest;
	guest_open(&guest, 19, "go1.19");
	uint64_t bytes = guest_type(&guest, GUEST_ARRAY, 100, 0, "[100]uint8");
	uint64_t pointer = guest_type(&guest, GUEST_POINTER, 8, 8, "*[100]uint8");
	guest_word(&guest, pointer + 48, bytes);
	guest_map_type(&guest, "map[int]*[100]uint8", pointer, 8, false, true);
	uint64_t array = guest_block(&guest, INT_GROUP, true);
	uint64_t header = put_header(&guest, 2, 0, array);
	uint64_t own = guest_block(&guest, 112, false), shared = guest_block(&guest, 112, false);
	fill(&guest, array, 2);
	guest_word(&guest, array + 72, own);
	guest_word(&guest, array + 80, shared);
	guest_word(&guest, GUEST_GLOBALS, header);
	guest_word(&guest, GUEST_GLOBALS + 8, shared);
	assert_int_equal(guest_find(&guest), GOLANG_FOUND);
	assert_int_equal(guest.result.map_count, 1);
	assert_int_equal(guest.result.maps[0].map.value_bytes, 100);
	assert_int_equal(guest.result.maps[0].slot_bytes[TRACE_VALUES], 112);
	assert_int_equal(guest.result.maps[0].shared_bytes, 112);
	guest_close(&guest);
}

static void
a_map_on_a_stack_has_its_function(void **state)
{
	struct guest guest;
	guest_open(&guest, 19, "go1.19");
	int_map_type(&guest);
	uint64_t goroutine = guest_block(&guest, 448, true), list = guest_block(&guest, 64, true);
	uint64_t stack = guest_span(&guest, 2, 8192, false);
	uint64_t array = guest_block(&guest, INT_GROUP, false), header = stack + 256;
	fill(&guest, array, 3);
	guest_word(&guest, header, 3);
	guest_put(&guest, header + 12, 99, 4);
	guest_word(&guest, header + 16, array);
	guest_word(&guest, list, goroutine);
	guest_word(&guest, GUEST_LISTS, list);
	guest_word(&guest, GUEST_LISTS + 8, 1);
	guest_word(&guest, GUEST_LISTS + 16, 8);
	guest_word(&guest, goroutine, stack);
	guest_word(&guest, goroutine + 8, stack + 8192);
	guest_word(&guest, goroutine + 56, stack + 128);
	guest_word(&guest, goroutine + 64, GUEST_CODE + 8);
	guest_word(&guest, goroutine + 104, stack + 512); /* frame: beyond the map */
	assert_int_equal(guest_find(&guest), GOLANG_FOUND);
	assert_int_equal(guest.result.totals.goroutines, 1);
	assert_int_equal(guest.result.map_count, 1);
	const struct golang_map *row = guest.result.maps;
	assert_int_equal(row->map.where, TRACE_WHERE_STACK);
	assert_int_equal(row->held, GOLANG_HELD_STACK);
	assert_string_equal(guest.result.texts + row->function, "main.serve");
	assert_string_equal(guest.result.texts + row->map.place, "stack of main.serve");
	guest_close(&guest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_small_map_in_a_global),
		cmocka_unit_test(reserve_and_chain_are_overflow),
		cmocka_unit_test(a_growing_map_has_two_arrays),
		cmocka_unit_test(a_map_at_the_end_of_a_long_list_has_its_global),
		cmocka_unit_test(one_entry_may_be_moving),
		cmocka_unit_test(no_more_than_one_and_only_while_it_is_written),
		cmocka_unit_test(a_count_that_is_not_so_is_refused),
		cmocka_unit_test(a_chain_in_a_circle_ends),
		cmocka_unit_test(garbage_is_told_apart),
		cmocka_unit_test(sections_may_come_in_another_order),
		cmocka_unit_test(values_that_others_hold_are_shared),
		cmocka_unit_test(a_map_on_a_stack_has_its_function),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
