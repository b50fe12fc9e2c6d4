/*
 * Protects: what an expression reads of its guest (memory by type, blocks, censuses) and what a
 * step leaves in the scope; whatever cannot be read fails instead of giving a wrong value.
 */
#include "tests/unit/test_profiles_value.h"

static void
test_memory_is_read_by_type(void **state)
{
	expect("u8[header]", 254);
	expect("i8[header]", -2);
	expect("u16[header]", 65534);
	expect("i16[header]", -2);
	expect("u32[header]", 4294967294);
	expect("i32[header]", -2);
	expect("i64[header]", -2);
	expect("u64[header + 24]", 0x0706050403020180);
	expect("ptr[header + 24]", 0x0706050403020180);
	expect_real("f32[header + 8]", 1.5);
	expect_real("f64[header + 16]", 2.5);
	/* The upper half of u64 reads as negative: 63 bits and a sign. */
	expect("u64[header]", -2);
}

/* Two names as an address, as cells are read. */
static void
test_the_sum_of_two_names_is_an_address(void **state)
{
	scope.values[PROFILE_NAMES_FIXED] = (struct profile_value){.integer = 24};
	scope.known[PROFILE_NAMES_FIXED] = true; /* the anchor, buckets */
	expect("u8[header + buckets]", 128);
	expect("u8[buckets + header] >= 128", 1);
	expect("u16[header + buckets] + 1", 0x181);
	expect("u8[(0 ? 9 : header) + buckets]", 128);
	expect("u8[header + (1 ? buckets : 9)]", 128);
	scope.values[PROFILE_NAMES_FIXED].integer = INT64_MAX;
	expect_failure("u8[header + buckets]");
	scope.values[PROFILE_NAMES_FIXED] = (struct profile_value){.is_real = true, .real = 24};
	expect_failure("u8[header + buckets]");
	scope.known[PROFILE_NAMES_FIXED] = false;
	expect_failure("u8[header + buckets]");
	expect_failure("u8[buckets + header]");
}

/* What lies in the window is read there, what reaches over its end is asked for. */
static void
test_a_window_is_read_in_place(void **state)
{
	struct profile_value value;
	uint64_t at = (uintptr_t)bytes;
	struct profile_memory window = memory;
	window.window_start = at + 1;
	window.window_size = 8;
	scope.values[PROFILE_NAME_HEADER].integer = (int64_t)at;
	compile("i8[header + 1] + i32[header + 5] * 0");
	assert_true(profile_evaluate(&profile, profile.steps[3].value, &scope, &window, &value));
	assert_int_equal(value.integer, -1);
	static const char *const outside[] = {"u8[header]", "u8[header + 9]", "u16[header + 8]",
	                                      "u64[header + 2]"};
	for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
		compile(outside[i]);
		assert_false(profile_evaluate(&profile, profile.steps[3].value, &scope, &window,
		                              &value));
	}
}

static void
test_unreadable_memory_fails(void **state)
{
	expect_failure("u8[4095]");
	expect_failure("u64[header + 25]");
	expect_failure("u8[-1]");
	expect("0 && u8[0]", 0);
}

static void
test_blocks_are_found(void **state)
{
	expect("size(header)", 32);
	expect("size(header + 1)", 0);
	expect("size(0)", 0);
	expect("base(header + 31)", 4096);
	expect("base(header + 32)", 0);
	expect("size(-1)", 0);
}

/* Entries of one hash: doublings in vain at 10 and at 100 (or 110: the older rule), then none. */
static void
test_a_list_tells_how_a_fresh_table_grows(void **state)
{
	static uint32_t hashes[200], room[2 * 128];
	static const uint32_t entries[2] = {0, 1};
	struct profile_census *list = &scope.walks[2], *table = &scope.walks[1];
	for (int i = 0; i < 200; i++)
		hashes[i] = 7;
	*list = (struct profile_census){.done = true, .hashes = hashes, .room = room,
		.room_slots = 128};
	*table = (struct profile_census){.done = true, .slots = 2, .entries = entries};
	for (list->live = list->hashed = 0; list->live < 200; list->hashed = ++list->live)
		expect("regrown(l, v, 5)", list->live < 10    ? 5
		                           : list->live < 100 ? 6
		                           : list->live < 110 ? -1 : 7);
	list->room_slots = 64; /* the last doubling has no room */
	expect("regrown(l, v, 5)", -1);
	list->room_slots = 128;
	hashes[3] = 6; /* no entry is there */
	expect("regrown(l, v, 5)", -1);
	hashes[3] = 7;
	list->hashed--; /* one more was counted than walked */
	expect("regrown(l, v, 5)", -1);
	expect_failure("regrown(l, v, 32)");
	expect_failure("regrown(l, v, -1)");
	table->done = false;
	expect_failure("regrown(l, v, 5)");
}

static void
test_a_census_folds_onto_fewer_slots(void **state)
{
	static const uint32_t entries[8] = {9, 0, 3, 8, 8, 1, 0, 17};
	static const uint32_t other[4] = {7, 0, 0, 24};
	scope.walks[0] = (struct profile_census){.done = true, .live = 46, .dead = 2, .slots = 8,
		.entries = entries, .cells = 8, .chained_blocks = 3, .chained_bytes = 300};
	expect("live(w) + dead(w)", 48);
	expect("blocks(w) * 1000 + bytes(w)", 3300);
	expect("fold(w, 3)", 1 + 2);
	expect("fold(w, 2)", 2 + 0 + 0 + 3); /* 17, 1, 3, 25 */
	expect("fold(w, 0)", 5);             /* 46 */
	expect("deepest(w, 3)", 17);
	expect("deepest(w, 2)", 25);
	expect("shallowest(w, 2)", 1);
	expect_failure("fold(w, 4)");
	expect_failure("fold(w, -1)");
	expect_failure("fold(w, v, 2)"); /* v has not been walked */
	scope.walks[1].done = true;      /* v had nothing to walk */
	expect("fold(w, v, 2)", 5);
	expect("fold(v, 9) + deepest(v, 9) + shallowest(v, 9)", 0);
	scope.walks[1] = (struct profile_census){.done = true, .slots = 4, .entries = other,
	                                         .cells = 8};
	expect("fold(w, v, 2)", 2 + 0 + 0 + 6); /* 24, 1, 3, 49 */
	expect("deepest(w, v, 1)", 49 + 1);
	expect_failure("fold(w, v, 3)"); /* more than v has */
	scope.walks[0].slots = 6;
	expect_failure("fold(w, 1)");
}

/* Compiles `steps` and runs them; the index of the first that is refused, or -1. */
static int
run(const char *steps)
{
	static char text[4096];
	struct profile_error error;
	snprintf(text, sizeof text, HEAD "%s\n" TAIL, steps);
	assert_int_equal(profile_compile(&profile, text, strlen(text), &error, 1), 0);
	for (int i = 0; i < profile.step_count; i++) {
		if (!profile_run_step(&profile, &profile.steps[i], &scope, &memory))
			return i;
	}
	return -1;
}

static void
test_steps_fill_the_scope(void **state)
{
	assert_int_equal(run("field f u8 at header + 24\nlet l = f + 1\nrequire l == 129"), -1);
	assert_int_equal(scope.values[PROFILE_NAMES_FIXED + 1].integer, 128);
	assert_int_equal(scope.values[PROFILE_NAMES_FIXED + 2].integer, 129);
	assert_true(scope.known[PROFILE_NAME_COUNT]);
	assert_int_equal(scope.values[PROFILE_NAME_COUNT].integer, 1);
}

static void
test_a_step_that_is_not_true_refuses(void **state)
{
	assert_int_equal(run("require 1\nrequire 0"), 1);
	assert_int_equal(run("quiet 0.0"), 0);
	assert_int_equal(run("field f u64 at 0"), 0);
	assert_int_equal(run("field f u64 at 4096.5"), 0);
	assert_int_equal(run("let l = 1 / 0"), 0);
}

static void
test_a_loop_ends_or_refuses(void **state)
{
	assert_int_equal(run("loop n = 1 while n < 1000 next 2 * n\nrequire n == 1024"), -1);
	assert_int_equal(run("loop n = 7 while 0 next n\nrequire n == 7"), -1);
	assert_int_equal(run("loop n = 0 while n < 4096 next n + 1\nrequire n == 4096"), -1);
	assert_int_equal(run("loop n = 0 while n < 4097 next n + 1"), 0);
	assert_int_equal(run("loop n = 0 while 1 next n"), 0);
	assert_int_equal(run("loop n = 1 while 1 next n * 2"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_memory_is_read_by_type, setup),
		cmocka_unit_test_setup(test_the_sum_of_two_names_is_an_address, setup),
		cmocka_unit_test_setup(test_a_window_is_read_in_place, setup),
		cmocka_unit_test_setup(test_unreadable_memory_fails, setup),
		cmocka_unit_test_setup(test_blocks_are_found, setup),
		cmocka_unit_test_setup(test_a_list_tells_how_a_fresh_table_grows, setup),
		cmocka_unit_test_setup(test_a_census_folds_onto_fewer_slots, setup),
		cmocka_unit_test_setup(test_steps_fill_the_scope, setup),
		cmocka_unit_test_setup(test_a_step_that_is_not_true_refuses, setup),
		cmocka_unit_test_setup(test_a_loop_ends_or_refuses, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
