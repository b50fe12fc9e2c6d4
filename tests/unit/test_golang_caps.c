/* What is too much, or makes no sense: each bound of golang/ that a figure or a map can hang on is
 * told in words where it is met. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/test_golang_endless.h"

enum { INT_GROUP = 8 + 8 * 8 + 8 * 8 + 8 };

/* A map of one entry that nothing holds. */
static void
add_map(struct guest *guest)
{
	uint64_t header = guest_block(guest, 48, true);
	uint64_t array = guest_block(guest, INT_GROUP, false);
	guest_word(guest, header, 1);
	guest_word(guest, header + 8, 0x77ull << 32);
	guest_word(guest, header + 16, array);
	guest_word(guest, array, 0x80);
}

static void
open_one_map(struct guest *guest)
{
	guest_open(guest, 19, "go1.19.8");
	guest_map_type(guest, "map[int]int", guest->int_type, 8, false, false);
	add_map(guest);
}

/* The one map is found, in a result that is not complete and says why. */
static void
expect_incomplete(struct guest *guest, const char *why)
{
	assert_int_equal(guest_find(guest), GOLANG_FOUND);
	assert_int_equal(guest->result.map_count, 1);
	assert_false(guest->result.is_complete);
	assert_non_null(strstr(guest->result.reason, why));
}

static void
expect_refused(struct guest *guest, const char *why)
{
	assert_int_equal(guest_find(guest), GOLANG_REFUSED);
	assert_string_equal(guest->result.version, "go1.19.8");
	assert_non_null(strstr(guest->result.reason, why));
}

/* Puts the last span behind the 200 that prove the list; between them are records of none. */
static uint64_t
move_last_span(struct guest *guest)
{
	enum { PLACE = 205 };
	uint64_t record = GUEST_RUNTIME + 4096 + (guest->spans - 1) * GUEST_SPAN_SIZE;
	uint64_t list = GUEST_RUNTIME + 32768;
	for (size_t i = guest->spans - 1; i < PLACE; i++)
		guest_word(guest, list + 8 * i, GUEST_RUNTIME + 0x800);
	guest_word(guest, list + 8 * PLACE, record);
	guest_word(guest, GUEST_SPAN_LIST + 8, PLACE + 1);
	return record;
}

static void
expect_complete(struct guest *guest)
{
	assert_int_equal(guest_find(guest), GOLANG_FOUND);
	assert_int_equal(guest->result.map_count, 1);
	assert_true(guest->result.is_complete);
}

static void
a_span_that_makes_no_sense_is_told(void **state)
{
	struct guest guest;
	open_one_map(&guest);
	uint64_t block = guest_block(&guest, 64, true), span = move_last_span(&guest);
	expect_complete(&guest);
	guest_word(&guest, span + 104, 72); /* is of no size class */
	expect_incomplete(&guest, "spans make no sense");
	guest_word(&guest, span + 104, 64);
	guest_word(&guest, span + 24, GUEST_HEAP); /* where another lies */
	expect_incomplete(&guest, "spans make no sense");
	guest_word(&guest, span + 24, block);
	expect_complete(&guest);
	guest_close(&guest);
}

/* Ten pages are the most for blocks of a size class; each would be looked at. */
static void
a_long_span_of_small_blocks_makes_no_sense(void **state)
{
	struct guest guest;
	open_one_map(&guest);
	guest_block(&guest, 11 * GUEST_PAGE, true);
	uint64_t span = move_last_span(&guest);
	guest_put(&guest, span + 98, 5 * 2, 1);
	guest_word(&guest, span + 104, 48);
	expect_incomplete(&guest, "spans make no sense");
	guest_word(&guest, span + 32, 10);
	expect_complete(&guest);
	guest_close(&guest);
}

/* Each 4 KiB of endless type data have 28 map types. */
static void
too_many_map_types_are_told(void **state)
{
	enum { STEP = 128, SHARED = 28 * STEP };
	struct limited *limited = open_limited(26, "go1.26.5");
	struct guest *guest = &limited->guest;
	uint64_t period[PERIOD / 8] = {0};
	unsigned char *types = (unsigned char *)period;
	uint64_t map = guest_map_type(guest, "map[int]int", guest->int_type, 8, false, false);
	uint64_t group = map + 160, words[3] = {ENDLESS + SHARED, ENDLESS + SHARED,
	                                        ENDLESS + SHARED + 256};
	memcpy(types + SHARED, guest->image + (guest->int_type - GUEST_IMAGE), 48);
	memcpy(types + SHARED + 256, guest->image + (group - GUEST_IMAGE), 80);
	for (size_t at = 0; at < SHARED; at += STEP) {
		memcpy(types + at, guest->image + (map - GUEST_IMAGE), 112);
		memcpy(types + at + 48, words, sizeof words);
	}
	repeat(limited, period, PERIOD / 8);
	enlarge_image(limited, TYPES_AT);
	assert_int_equal(find_between(limited, 0, 0), GOLANG_FOUND);
	assert_int_equal(guest->result.totals.map_types, 1 << 16);
	assert_false(guest->result.is_complete);
	assert_non_null(strstr(guest->result.reason, "65,536 map types"));
	close_limited(limited);
}

/* Without the goroutines' stacks nobody knows what is garbage. */
static void
a_list_of_goroutines_that_is_not_found_is_told(void **state)
{
	struct guest guest;
	open_one_map(&guest);
	assert_int_equal(guest_find(&guest), GOLANG_FOUND);
	assert_int_equal(guest.result.maps[0].held, GOLANG_HELD_NOTHING);
	guest_word(&guest, GUEST_LISTS + 0x700, 0);
	expect_incomplete(&guest, "list of goroutines");
	assert_int_equal(guest.result.maps[0].held, GOLANG_HELD_UNKNOWN);
	assert_true(guest.result.maps[0].map.value_bytes == TRACE_UNKNOWN);
	assert_true(guest.result.totals.reachable_bytes == TRACE_UNKNOWN);
	guest_close(&guest);
}

/* Behind those that prove the list, one whose stack has but one of its ends yet. */
static void
a_goroutine_amid_a_change_may_hold_anything(void **state)
{
	enum { COUNT = 65 };
	struct guest guest;
	open_one_map(&guest);
	uint64_t list = guest_block(&guest, 8 * 72, true), odd = guest_block(&guest, 448, true);
	for (size_t i = 0; i < COUNT; i++)
		guest_word(&guest, list + 8 * i, i < COUNT - 1 ? GUEST_RUNTIME + 0x600 : odd);
	guest_word(&guest, odd, GUEST_HEAP);
	guest_word(&guest, GUEST_LISTS + 0x700, list);
	guest_word(&guest, GUEST_LISTS + 0x708, COUNT);
	guest_word(&guest, GUEST_LISTS + 0x710, COUNT);
	assert_int_equal(guest_find(&guest), GOLANG_FOUND);
	assert_int_equal(guest.result.totals.goroutines, 1);
	assert_int_equal(guest.result.totals.running, 1);
	assert_int_equal(guest.result.maps[0].held, GOLANG_HELD_UNKNOWN);
	guest_close(&guest);
}

static Elf64_Phdr *
segments_of(struct guest *guest)
{
	return (Elf64_Phdr *)(void *)(guest->image + sizeof(Elf64_Ehdr));
}

static void
a_seventeenth_segment_is_refused(void **state)
{
	struct guest guest;
	open_one_map(&guest);
	for (size_t i = 2; i < 17; i++)
		segments_of(&guest)[i] = (Elf64_Phdr){
			.p_type = PT_LOAD, .p_flags = PF_R, .p_vaddr = GUEST_IMAGE + 0x10000 * i,
			.p_filesz = 16, .p_memsz = 16,
		};
	guest.image[offsetof(Elf64_Ehdr, e_phnum)] = 16;
	assert_int_equal(guest_find(&guest), GOLANG_FOUND);
	guest.image[offsetof(Elf64_Ehdr, e_phnum)] = 17;
	expect_refused(&guest, "more than 16 loaded segments");
	guest_close(&guest);
}

static void
a_segment_of_more_than_it_can_be_is_refused(void **state)
{
	struct guest guest;
	open_one_map(&guest);
	segments_of(&guest)[1].p_memsz = 5ull << 30;
	segments_of(&guest)[2] = segments_of(&guest)[1]; /* what is left of the program is here */
	segments_of(&guest)[2].p_memsz = 0x2000;
	guest.image[offsetof(Elf64_Ehdr, e_phnum)] = 3;
	expect_refused(&guest, "larger than 4 GB");
	guest_close(&guest);
}

/* A step beyond it would begin at 0 again, and never end. */
static void
a_segment_up_to_the_last_address_is_refused(void **state)
{
	struct guest guest;
	open_one_map(&guest);
	segments_of(&guest)[2] = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_flags = PF_R | PF_W, .p_vaddr = UINT64_MAX - 0x100000,
		.p_filesz = 0x100000 - 16, .p_memsz = 0x100000 - 16,
	};
	guest.image[offsetof(Elf64_Ehdr, e_phnum)] = 3;
	expect_refused(&guest, "than it can be");
	guest_close(&guest);
}

/* The module data lead to those of another module, which lies outside of the image. */
static void
a_plugin_is_told(void **state)
{
	const uint64_t plugin = 0x7e0000000000, next = GUEST_RUNTIME + 0xa00;
	struct guest guest;
	open_one_map(&guest);
	guest_word(&guest, GUEST_IMAGE + 0x4100 + 544, next);
	guest_word(&guest, next, plugin);
	for (size_t i = 22; i < 32; i++)
		guest_word(&guest, next + 8 * i, plugin + 0x1000 * i);
	expect_incomplete(&guest, "has loaded a plugin");
	guest_word(&guest, next + 8 * 25, 1); /* sections not in order: something else */
	expect_complete(&guest);
	guest_close(&guest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_span_that_makes_no_sense_is_told),
		cmocka_unit_test(a_long_span_of_small_blocks_makes_no_sense),
		cmocka_unit_test(too_many_map_types_are_told),
		cmocka_unit_test(a_list_of_goroutines_that_is_not_found_is_told),
		cmocka_unit_test(a_goroutine_amid_a_change_may_hold_anything),
		cmocka_unit_test(a_plugin_is_told),
		cmocka_unit_test(a_seventeenth_segment_is_refused),
		cmocka_unit_test(a_segment_of_more_than_it_can_be_is_refused),
		cmocka_unit_test(a_segment_up_to_the_last_address_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
