/* Go's map from 1.24 on in a program put together by hand: groups, tables and directory to the
 * byte, deleted cells, where a fresh map would have split, and what each table says against its
 * cells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/test_golang_guest.h"

enum {
	GROUP = 8 + 8 * (8 + 8),  /* map[int]int: 136 bytes, a block of 144 */
	TABLE_CELLS = 1024,
	TABLE_BYTES = TABLE_CELLS / 8 * GROUP, /* 17,408, in a block of 18,432 */
	FREE = 0x80, DELETED = 0xfe,
};

static void
put_header(struct guest *guest, uint64_t header, uint64_t count, uint64_t directory,
           uint64_t length, unsigned depth)
{
	guest_word(guest, header, count);
	guest_word(guest, header + 8, 0x1234567);
	guest_word(guest, header + 16, directory);
	guest_word(guest, header + 24, length);
	guest_put(guest, header + 32, depth, 1);
	guest_put(guest, header + 33, 64 - depth, 1);
}

/* The first `live` cells hold entries, the next `dead` were deleted for good. */
static void
fill(struct guest *guest, uint64_t groups, unsigned cells, unsigned live, unsigned dead)
{
	for (unsigned i = 0; i < cells; i++)
		guest_put(guest, groups + i / 8 * GROUP + i % 8,
		          i < live ? 0x11 : i < live + dead ? DELETED : FREE, 1);
}

static uint64_t
put_table(struct guest *guest, unsigned live, unsigned dead, unsigned depth, unsigned index)
{
	uint64_t table = guest_block(guest, 32, true);
	uint64_t groups = guest_span(guest, 1, 18432, false);
	guest_put(guest, table, live, 2);
	guest_put(guest, table + 2, TABLE_CELLS, 2);
	guest_put(guest, table + 4, TABLE_CELLS / 8 * 7 - live - dead, 2);
	guest_put(guest, table + 6, depth, 1);
	guest_word(guest, table + 8, index);
	guest_word(guest, table + 16, groups);
	guest_word(guest, table + 24, TABLE_CELLS / 8 - 1);
	fill(guest, groups, TABLE_CELLS, live, dead);
	return table;
}

/* Depth 2: the first table stands for two places, the others for one each. */
static uint64_t
split_map(struct guest *guest, unsigned first, unsigned second, unsigned third, unsigned dead)
{
	uint64_t header = guest_block(guest, 48, true), directory = guest_block(guest, 32, true);
	uint64_t tables[3] = {
		put_table(guest, first, 0, 1, 0), put_table(guest, second, 0, 2, 2),
		put_table(guest, third, dead, 2, 3),
	};
	guest_word(guest, directory, tables[0]);
	guest_word(guest, directory + 8, tables[0]);
	guest_word(guest, directory + 16, tables[1]);
	guest_word(guest, directory + 24, tables[2]);
	put_header(guest, header, first + second + third, directory, 4, 2);
	guest_word(guest, GUEST_GLOBALS, header);
	return header;
}

static void
open_guest(struct guest *guest)
{
	guest_open(guest, 26, "go1.26.5");
	guest_map_type(guest, "map[int]int", guest->int_type, 8, false, false);
}

static void
a_small_map_is_one_group(void **state)
{
	struct guest guest;
	open_guest(&guest);
	uint64_t header = guest_block(&guest, 48, true), group = guest_block(&guest, 144, false);
	put_header(&guest, header, 6, group, 0, 0);
	fill(&guest, group, 8, 6, 0);
	guest_word(&guest, GUEST_GLOBALS, header);
	assert_int_equal(guest_find(&guest), GOLANG_FOUND);
	assert_int_equal(guest.result.layout, GOLANG_SWISS);
	assert_int_equal(guest.result.map_count, 1);
	const struct golang_map *row = guest.result.maps;
	assert_int_equal(row->map.count, 6);
	assert_int_equal(row->map.capacity, 8);
	assert_int_equal(row->map.bucket_bytes, GROUP);
	assert_int_equal(row->slot_bytes[TRACE_BUCKETS], 144);
	assert_int_equal(row->map.needed_low, GROUP);
	assert_int_equal(row->tables, 0);
	assert_int_equal(row->directory_bytes, 0);
	guest_close(&guest);
}

/* The second and third table have one prefix: together they are too many for one. */
static void
tables_that_are_needed_retain_nothing(void **state)
{
	struct guest guest;
	open_guest(&guest);
	split_map(&guest, 800, 500, 450, 0);
	assert_int_equal(guest_find(&guest), GOLANG_FOUND);
	assert_int_equal(guest.result.map_count, 1);
	const struct golang_map *row = guest.result.maps;
	assert_int_equal(row->tables, 3);
	assert_int_equal(row->bits, 2);
	assert_int_equal(row->map.capacity, 3 * 896);
	assert_int_equal(row->directory_bytes, 3 * 32 + 4 * 8);
	assert_int_equal(row->map.bucket_bytes, 3 * TABLE_BYTES + 3 * 32 + 4 * 8);
	assert_int_equal(row->map.needed_low, row->map.bucket_bytes);
	assert_int_equal(row->map.needed_high, row->map.bucket_bytes);
	guest_close(&guest);
}

static void
what_deletes_left_is_not_needed(void **state)
{
	struct guest guest;
	open_guest(&guest);
	split_map(&guest, 800, 500, 300, 150);
	assert_int_equal(guest_find(&guest), GOLANG_FOUND);
	const struct golang_map *row = guest.result.maps;
	assert_int_equal(row->map.tombstones, 150);
	/* 800 are one table; 500 and 300, of one prefix, would be one as well. */
	assert_int_equal(row->map.needed_low, 2 * TABLE_BYTES + 2 * 32 + 2 * 8);
	assert_int_equal(row->map.remedies[0].leaves, row->map.needed_low);
	guest_close(&guest);

	open_guest(&guest);
	split_map(&guest, 10, 2, 1, 0);
	assert_int_equal(guest_find(&guest), GOLANG_FOUND);
	/* 13 entries: one table of 16 cells. */
	assert_int_equal(guest.result.maps[0].map.needed_low, 2 * GROUP + 32 + 8);
	guest_close(&guest);
}

/* One thing wrong at a time, in the header or in the last table. */
static void
expect_refused(uint64_t offset_in_header, uint64_t offset_in_table, uint64_t value, size_t size)
{
	struct guest guest;
	open_guest(&guest);
	uint64_t header = split_map(&guest, 800, 500, 450, 0);
	/* The last table lies in front of its groups, which are the last in the heap. */
	uint64_t table = GUEST_HEAP + (guest.pages - 4) * GUEST_PAGE;
	assert_int_equal(guest_find(&guest), GOLANG_FOUND);
	assert_int_equal(guest.result.map_count, 1);
	guest_put(&guest, offset_in_header ? header + offset_in_header : table + offset_in_table,
	          value, size);
	assert_int_equal(guest_find(&guest), GOLANG_FOUND);
	assert_int_equal(guest.result.map_count, 0);
	guest_close(&guest);
}

static void
tables_must_agree_with_their_cells(void **state)
{
	expect_refused(0, 0, 449, 2);    /* entries */
	expect_refused(0, 2, 512, 2);    /* cells */
	expect_refused(0, 4, 445, 2);    /* room left */
	expect_refused(0, 6, 1, 1);      /* depth: would stand twice */
	expect_refused(0, 8, 2, 8);      /* place in the directory */
	expect_refused(0, 16, GUEST_HEAP, 8);
	expect_refused(0, 24, 255, 8);
	expect_refused(24, 0, 8, 8);     /* length of the directory */
	expect_refused(32, 0, 3, 1);
}

static void
a_wrong_sum_is_refused_with_its_reason(void **state)
{
	struct guest guest;
	open_guest(&guest);
	guest_word(&guest, split_map(&guest, 800, 500, 450, 0), 1751);
	assert_int_equal(guest_find(&guest), GOLANG_FOUND);
	assert_int_equal(guest.result.map_count, 0);
	assert_int_equal(guest.result.refused_count, 1);
	assert_int_equal(guest.result.refused[0].reason, TRACE_REFUSED_CENSUS);
	guest_close(&guest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_small_map_is_one_group),
		cmocka_unit_test(tables_that_are_needed_retain_nothing),
		cmocka_unit_test(what_deletes_left_is_not_needed),
		cmocka_unit_test(tables_must_agree_with_their_cells),
		cmocka_unit_test(a_wrong_sum_is_refused_with_its_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
