/* Images that lie: each word of a program put together by hand takes values that lead astray, one
 * at a time. Nothing may be read outside the image, loop or grow without end; the sanitizers watch.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/test_golang_guest.h"

static void
build(struct guest *guest, unsigned minor, const char *version)
{
	guest_open(guest, minor, version);
	uint64_t pointer = guest_type(guest, GUEST_POINTER, 8, 8, "*int");
	guest_word(guest, pointer + 48, guest->int_type);
	guest_map_type(guest, "map[int]int", guest->int_type, 8, false, false);
	guest_map_type(guest, "map[int]*int", pointer, 8, false, true);
	uint64_t header = guest_block(guest, 48, true), array = guest_block(guest, 144, true);
	uint64_t value = guest_block(guest, 16, false);
	bool is_swiss = minor >= 24;
	guest_word(guest, header, 2);
	guest_word(guest, header + 8, 0x77ull << (is_swiss ? 0 : 32));
	guest_word(guest, header + 16, array);
	guest_word(guest, array, is_swiss ? 0x8080808080800101 : 0x8080);
	guest_word(guest, array + (is_swiss ? 16 : 72), value);
	guest_word(guest, GUEST_GLOBALS, header);
	guest_word(guest, GUEST_GLOBALS + 16, pointer);
	guest_word(guest, GUEST_GLOBALS + 24, value);
	assert_int_equal(guest_find(guest), GOLANG_FOUND);
	assert_int_equal(guest->result.map_count, 1);
}

static void
spoil_each_word(struct guest *guest, unsigned char *bytes, uint64_t address, size_t size)
{
	const uint64_t values[] = {
		0, 1, UINT64_MAX, INT64_MAX, 1ull << 32, address, GUEST_HEAP, GUEST_HEAP - 8,
		GUEST_HEAP + GUEST_HEAP_SIZE - 8, GUEST_RUNTIME + 4096, GUEST_IMAGE + 0x5ff8,
	};
	for (size_t at = 0; at + 8 <= size; at += 8) {
		uint64_t kept;
		memcpy(&kept, bytes + at, 8);
		if (kept == 0)
			continue;
		for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
			memcpy(bytes + at, &values[i], 8);
			guest_find(guest);
			assert_true(guest->result.map_count <= 8);
		}
		uint64_t near[] = {kept + 8, kept - 8, kept ^ 1, kept << 1, kept | 0xff00};
		for (size_t i = 0; i < sizeof near / sizeof *near; i++) {
			memcpy(bytes + at, &near[i], 8);
			guest_find(guest);
		}
		memcpy(bytes + at, &kept, 8);
	}
}

static void
spoil(unsigned minor, const char *version)
{
	struct guest guest;
	build(&guest, minor, version);
	spoil_each_word(&guest, guest.image, GUEST_IMAGE, GUEST_IMAGE_SIZE);
	spoil_each_word(&guest, guest.runtime, GUEST_RUNTIME, 8192);
	spoil_each_word(&guest, guest.heap, GUEST_HEAP, guest.pages * GUEST_PAGE);
	assert_int_equal(guest_find(&guest), GOLANG_FOUND);
	assert_int_equal(guest.result.map_count, 1);
	guest_close(&guest);
}

static void
classic_words_may_lie(void **state)
{
	spoil(19, "go1.19.8");
}

static void
swiss_words_may_lie(void **state)
{
	spoil(26, "go1.26.5");
}

static void
expect_outcome(unsigned minor, const char *version, enum golang_outcome outcome)
{
	struct guest guest;
	guest_open(&guest, minor, version);
	assert_int_equal(guest_find(&guest), outcome);
	assert_int_equal(guest.result.map_count, 0);
	if (outcome == GOLANG_REFUSED)
		assert_string_equal(guest.result.version, version);
	if (outcome != GOLANG_FOUND)
		assert_non_null(guest.result.reason);
	guest_close(&guest);
}

static void
unknown_releases_are_refused_by_name(void **state)
{
	expect_outcome(26, "go1.27", GOLANG_REFUSED);
	expect_outcome(19, "go1.18.1", GOLANG_REFUSED);
	expect_outcome(26, "devel go1.27-abc", GOLANG_REFUSED);
	expect_outcome(26, "rust 1.2", GOLANG_NOT_GO);
	/* Says 1.19, but its function table is that of a later one. */
	expect_outcome(26, "go1.19.3", GOLANG_REFUSED);
	expect_outcome(26, "go1.26", GOLANG_FOUND);
}

static void
what_is_no_program_is_not_go(void **state)
{
	struct guest guest;
	guest_open(&guest, 19, "go1.19");
	guest.image[18] = EM_AARCH64;
	assert_int_equal(guest_find(&guest), GOLANG_NOT_GO);
	assert_non_null(strstr(guest.result.reason, "x86-64"));
	guest.image[0] = 0;
	assert_int_equal(guest_find(&guest), GOLANG_NOT_GO);
	guest_close(&guest);
}

/* A struct of 64 fields, each of which is the struct itself; as the value of a map with an entry,
 * and behind an interface. */
static void
a_struct_that_holds_itself_is_no_endless_tree(unsigned minor, const char *version)
{
	enum { FIELDS = 64, SIZE = 24 };
	bool is_swiss = minor >= 24;
	struct guest guest;
	guest_open(&guest, minor, version);
	uint64_t itself = guest_type(&guest, GUEST_STRUCT, SIZE, SIZE, "main.S");
	uint64_t pointer = guest_type(&guest, GUEST_POINTER, 8, 8, "*main.S");
	guest_word(&guest, itself + 56, GUEST_LISTS);
	guest_word(&guest, itself + 64, FIELDS);
	for (uint64_t i = 0; i < FIELDS; i++)
		guest_word(&guest, GUEST_LISTS + 24 * i + 8, itself);
	guest_word(&guest, pointer + 48, itself);
	guest_map_type(&guest, "map[int]main.S", itself, SIZE, false, true);
	guest_map_type(&guest, "map[int]main.T", itself, SIZE, false, true); /* a choice */
	uint64_t header = guest_block(&guest, 48, true), array = guest_block(&guest, 288, true);
	guest_word(&guest, header, 1);
	guest_word(&guest, header + 8, 0x77ull << (is_swiss ? 0 : 32));
	guest_word(&guest, header + 16, array);
	guest_word(&guest, array, is_swiss ? 0x8080808080808001 : 0x80);
	guest_word(&guest, GUEST_GLOBALS, header);
	guest_word(&guest, GUEST_GLOBALS + 16, pointer);
	guest_word(&guest, GUEST_GLOBALS + 24, guest_block(&guest, SIZE, true));
	assert_int_equal(guest_find(&guest), GOLANG_FOUND);
	assert_int_equal(guest.result.map_count, 1);
	guest_close(&guest);
}

static void
classic_structs_may_hold_themselves(void **state)
{
	a_struct_that_holds_itself_is_no_endless_tree(19, "go1.19.8");
}

static void
swiss_structs_may_hold_themselves(void **state)
{
	a_struct_that_holds_itself_is_no_endless_tree(26, "go1.26.5");
}

/* The record of overflow buckets of one map leads to the header of the next: a block belongs to one
 * map, and the other one is left out with all that it has. */
static void
a_header_that_another_map_owns_is_no_map(void **state)
{
	struct guest guest;
	guest_open(&guest, 19, "go1.19.8");
	guest_map_type(&guest, "map[int]int", guest.int_type, 8, false, false);
	uint64_t header[2], slice = guest_block(&guest, 32, true), extra;
	for (size_t i = 0; i < 2; i++) {
		header[i] = guest_block(&guest, 48, true);
		uint64_t array = guest_block(&guest, 144, false);
		guest_word(&guest, header[i], 1);
		guest_word(&guest, header[i] + 8, 0x77ull << 32);
		guest_word(&guest, header[i] + 16, array);
		guest_word(&guest, array, 0x80);
	}
	extra = guest_block(&guest, 24, true);
	guest_word(&guest, header[0] + 40, extra);
	guest_word(&guest, extra, slice);
	guest_word(&guest, slice, header[1]);
	guest_word(&guest, slice + 16, 1);
	assert_int_equal(guest_find(&guest), GOLANG_FOUND);
	assert_int_equal(guest.result.map_count, 1);
	assert_int_equal(guest.result.maps[0].map.address, header[0]);
	for (size_t i = 0; i < guest.result.claim_count; i++)
		assert_int_equal(guest.result.claims[i].map, 0);
	guest_close(&guest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classic_words_may_lie),
		cmocka_unit_test(swiss_words_may_lie),
		cmocka_unit_test(classic_structs_may_hold_themselves),
		cmocka_unit_test(swiss_structs_may_hold_themselves),
		cmocka_unit_test(a_header_that_another_map_owns_is_no_map),
		cmocka_unit_test(unknown_releases_are_refused_by_name),
		cmocka_unit_test(what_is_no_program_is_not_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
