/* What a map is called where several of the program's types have its shape: ruled out by entries,
 * told by what leads to it, else all of them named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/test_golang_guest.h"

enum { GROUP = 8 + 8 * 8 + 8 * 8 + 8, BOOL = 1, DIRECT = 32 };

static uint64_t
array_type(struct guest *guest, uint64_t element, const char *name)
{
	uint64_t type = guest_type(guest, GUEST_ARRAY, 8, 0, name);
	guest_word(guest, type + 48, element);
	guest_word(guest, type + 64, 8);
	return type;
}

/* The header of a map of one bucket and one entry, whose value begins with `value`. */
static uint64_t
put_header(struct guest *guest, uint64_t array, uint64_t value)
{
	uint64_t header = guest_block(guest, 48, true);
	guest_word(guest, header, 1);
	guest_put(guest, header + 12, 0x1234567, 4);
	guest_word(guest, header + 16, array);
	guest_put(guest, array, 200, 1);
	guest_word(guest, array + 72, value);
	return header;
}

static uint64_t
put_map(struct guest *guest, uint64_t value)
{
	return put_header(guest, guest_block(guest, GROUP, false), value);
}

static void
open_guest(struct guest *guest)
{
	guest_open(guest, 19, "go1.19.8");
	uint64_t byte = guest_type(guest, GUEST_UINT8, 1, 0, "uint8");
	uint64_t flag = guest_type(guest, BOOL, 1, 0, "bool");
	guest_map_type(guest, "map[int][8]bool", array_type(guest, flag, "[8]bool"), 8, false,
	               false);
	guest_map_type(guest, "map[int][8]uint8", array_type(guest, byte, "[8]uint8"), 8, false,
	               false);
}

static void
expect_type(struct guest *guest, uint32_t candidates, const char *name)
{
	assert_int_equal(guest_find(guest), GOLANG_FOUND);
	assert_int_equal(guest->result.map_count, 1);
	assert_int_equal(guest->result.maps[0].candidates, candidates);
	assert_string_equal(guest->result.texts + guest->result.maps[0].map.type, name);
}

static void
all_that_fit_are_named(void **state)
{
	struct guest guest;
	open_guest(&guest);
	put_map(&guest, 0x0100000100000001);
	expect_type(&guest, 2, "map[int][8]bool or map[int][8]uint8");
	guest_close(&guest);
}

static void
entries_rule_types_out(void **state)
{
	struct guest guest;
	open_guest(&guest);
	put_map(&guest, 0x0100070100000001);
	expect_type(&guest, 1, "map[int][8]uint8");
	guest_close(&guest);
}

/* An interface in a global: the map type and the map. */
static void
an_interface_tells_the_type(void **state)
{
	struct guest guest;
	open_guest(&guest);
	uint64_t type = guest_map_type(&guest, "main.set", guest.int_type, 8, false, false);
	guest_put(&guest, type + 23, GUEST_MAP | DIRECT, 1);
	uint64_t header = put_map(&guest, 1);
	expect_type(&guest, 3, "map[int][8]bool or map[int][8]uint8 or main.set");
	guest_word(&guest, GUEST_GLOBALS + 16, type);
	guest_word(&guest, GUEST_GLOBALS + 24, header);
	expect_type(&guest, 1, "main.set");
	guest_close(&guest);
}

/* An interface holds a pointer to a struct, which has a pointer to one that holds the map. */
static void
types_spread_through_pointers(void **state)
{
	struct guest guest;
	open_guest(&guest);
	uint64_t set = guest_map_type(&guest, "main.set", guest.int_type, 8, false, false);
	uint64_t inner = guest_type(&guest, GUEST_STRUCT, 16, 16, "main.inner");
	uint64_t fields = guest_type(&guest, GUEST_ARRAY, 0, 0, "");
	uint64_t pointer = guest_type(&guest, GUEST_POINTER | DIRECT, 8, 8, "*main.inner");
	uint64_t twice = guest_type(&guest, GUEST_POINTER | DIRECT, 8, 8, "**main.inner");
	guest_word(&guest, inner + 56, fields); /* one field: offset 8, of type main.set */
	guest_word(&guest, inner + 64, 1);
	guest_word(&guest, fields + 8, set);
	guest_word(&guest, fields + 16, 8);
	guest_word(&guest, pointer + 48, inner);
	guest_word(&guest, twice + 48, pointer);
	uint64_t first = guest_block(&guest, 8, true), second = guest_block(&guest, 16, true);
	guest_word(&guest, GUEST_GLOBALS, twice);
	guest_word(&guest, GUEST_GLOBALS + 8, first);
	guest_word(&guest, first, second);
	guest_word(&guest, second + 8, put_map(&guest, 1));
	expect_type(&guest, 1, "main.set");
	assert_string_equal(guest.result.texts + guest.result.maps[0].path, "8 B +0 > 16 B +8");
	guest_close(&guest);
}

/* A struct of two words, one of them a pointer to int. */
static uint64_t
pair_type(struct guest *guest, uint64_t pointer, bool is_first, const char *name)
{
	uint64_t pair = guest_type(guest, GUEST_STRUCT, 16, is_first ? 8 : 16, name);
	uint64_t fields = guest_type(guest, GUEST_ARRAY, 0, 0, "");
	guest_word(guest, pair + 56, fields);
	guest_word(guest, pair + 64, 2);
	guest_word(guest, fields + 8, is_first ? pointer : guest->int_type);
	guest_word(guest, fields + 16, 0);
	guest_word(guest, fields + 24 + 8, is_first ? guest->int_type : pointer);
	guest_word(guest, fields + 24 + 16, 8);
	return pair;
}

/* One map of pairs, whose one entry leads to a block, and one that could be of either type. */
static uint64_t
put_pair_map(struct guest *guest, uint64_t pointer, bool is_same)
{
	enum { PAIR_GROUP = 8 + 8 * 8 + 8 * 16 + 8 };
	uint64_t value = guest_block(guest, 16, false);
	guest_map_type(guest, "map[int]main.A", pair_type(guest, pointer, true, "A"), 16, false,
	               true);
	guest_map_type(guest, "map[int]main.B", pair_type(guest, pointer, is_same, "B"), 16, false,
	               true);
	put_header(guest, guest_block(guest, PAIR_GROUP, true), value);
	return value;
}

static uint64_t
pointer_type(struct guest *guest)
{
	uint64_t pointer = guest_type(guest, GUEST_POINTER, 8, 8, "*int");
	guest_word(guest, pointer + 48, guest->int_type);
	return pointer;
}

static void
types_with_the_same_layout_leave_values_known(void **state)
{
	struct guest guest;
	guest_open(&guest, 19, "go1.19.8");
	put_pair_map(&guest, pointer_type(&guest), true);
	expect_type(&guest, 2, "map[int]main.A or map[int]main.B");
	assert_int_equal(guest.result.maps[0].map.value_bytes, 16);
	assert_int_equal(guest.result.maps[0].map.value_blocks, 1);
	assert_false(guest.result.maps[0].map.remedies[1].leaves == TRACE_UNKNOWN);
	guest_close(&guest);
}

/* The block could be a value of the map that could be of both types, so it is not the other's. */
static void
types_with_other_layouts_leave_values_unknown(void **state)
{
	struct guest guest;
	guest_open(&guest, 19, "go1.19.8");
	uint64_t pointer = pointer_type(&guest);
	uint64_t value = put_pair_map(&guest, pointer, false);
	expect_type(&guest, 2, "map[int]main.A or map[int]main.B");
	assert_true(guest.result.maps[0].map.value_bytes == TRACE_UNKNOWN);
	assert_true(guest.result.maps[0].residue == TRACE_UNKNOWN);
	assert_true(guest.result.maps[0].map.remedies[1].leaves == TRACE_UNKNOWN);
	assert_int_equal(guest.result.maps[0].map.bucket_bytes, 208);
	for (size_t i = 0; i < guest.result.claim_count; i++)
		assert_int_not_equal(guest.result.claims[i].role, TRACE_VALUES);
	guest_map_type(&guest, "map[int]*int", pointer, 8, false, true);
	put_header(&guest, guest_block(&guest, GROUP, true), value);
	assert_int_equal(guest_find(&guest), GOLANG_FOUND);
	assert_int_equal(guest.result.map_count, 2);
	assert_int_equal(guest.result.maps[1].map.value_bytes, 0);
	assert_int_equal(guest.result.maps[1].shared_bytes, 16);
	guest_close(&guest);
}

/* One word in twenty structs, each of which is the one field of the next. */
static void
values_too_deep_in_structs_are_unknown(void **state)
{
	struct guest guest;
	guest_open(&guest, 19, "go1.19.8");
	uint64_t type = pointer_type(&guest);
	for (size_t i = 0; i < 20; i++) {
		uint64_t inner = type, fields = GUEST_LISTS + 24 * i;
		type = guest_type(&guest, GUEST_STRUCT, 8, 8, "");
		guest_word(&guest, type + 56, fields);
		guest_word(&guest, type + 64, 1);
		guest_word(&guest, fields + 8, inner);
	}
	guest_map_type(&guest, "map[int]main.D", type, 8, false, true);
	put_header(&guest, guest_block(&guest, GROUP, true), guest_block(&guest, 16, false));
	expect_type(&guest, 1, "map[int]main.D");
	assert_true(guest.result.maps[0].map.value_bytes == TRACE_UNKNOWN);
	guest_close(&guest);
}

static void
a_long_name_ends_in_dots(void **state)
{
	struct guest guest;
	char name[512] = "map[int]struct { ", *end = name + 300;
	guest_open(&guest, 19, "go1.19.8");
	memset(name + strlen(name), 'x', (size_t)(end - name) - strlen(name));
	uint64_t type = guest_map_type(&guest, "", guest.int_type, 8, false, false);
	uint64_t text = GUEST_TYPES + 0xe00; /* two bytes of length, 7 bits each */
	guest_put(&guest, type + 40, text - GUEST_TYPES, 4);
	guest_put(&guest, text + 1, 0x80 | (300 & 127), 1);
	guest_put(&guest, text + 2, 300 >> 7, 1);
	memcpy(guest.image + (text - GUEST_IMAGE) + 3, name, 300);
	put_map(&guest, 1);
	memcpy(name + 252, "...", 4);
	expect_type(&guest, 1, name);
	guest_close(&guest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_fit_are_named),
		cmocka_unit_test(entries_rule_types_out),
		cmocka_unit_test(an_interface_tells_the_type),
		cmocka_unit_test(types_spread_through_pointers),
		cmocka_unit_test(types_with_the_same_layout_leave_values_known),
		cmocka_unit_test(types_with_other_layouts_leave_values_unknown),
		cmocka_unit_test(values_too_deep_in_structs_are_unknown),
		cmocka_unit_test(a_long_name_ends_in_dots),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
