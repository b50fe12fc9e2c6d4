/*
 * Protects: the value of every operator and function, and that whatever has no exact value makes
 * an expression fail instead of giving a wrong one.
 */
#include "tests/unit/test_profiles_sample.h"

#include <stdio.h>

#define HEAD "profile x\nwake always\nlist primes 2 3 5 7 11\nlist one 4\n" \
	"anchor buckets at header points base\n"
#define WALKS "walk w table {\nat buckets\ncount 8\nstride 8\nlive 1\n}\n" \
	"walk v table {\nat buckets\ncount 4\nstride 8\nlive 1\n}\n"
#define TAIL "count 1\npart buckets in buckets bytes 8\nneeded 0\n"

static struct profile profile;
static struct profile_scope scope;

/* One block of the pretended guest, at 4096. */
static const uint8_t bytes[32] = {
	0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, /* -2 */
	0x00, 0x00, 0xc0, 0x3f, 0x00, 0x00, 0xc0, 0x7f, /* 1.5f, NaN */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x40, /* 2.5 */
	0x80, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
};

static bool
read_bytes(void *context, uint64_t address, void *into, size_t size)
{
	if (address < 4096 || size > sizeof bytes || address - 4096 > sizeof bytes - size)
		return false;
	memcpy(into, bytes + (address - 4096), size);
	return true;
}

static bool
find_block(void *context, uint64_t address, struct profile_block *out)
{
	*out = (struct profile_block){4096, sizeof bytes};
	return address >= 4096 && address < 4096 + sizeof bytes;
}

static const struct profile_memory memory = {.read = read_bytes, .block = find_block};

static void
compile(const char *expression)
{
	static char text[4096];
	snprintf(text, sizeof text, HEAD WALKS "let a = %s\n" TAIL, expression);
	sample_compile(&profile, text, strlen(text));
}

/* Evaluates the let behind the two walks. */
static bool
evaluates(const char *expression, struct profile_value *value)
{
	compile(expression);
	return profile_evaluate(&profile, profile.steps[2].value, &scope, &memory, value);
}

static void
expect(const char *expression, int64_t wanted)
{
	struct profile_value value;
	bool is_sound = evaluates(expression, &value);
	if (!is_sound || value.is_real || value.integer != wanted)
		print_error("%s\n", expression);
	assert_true(is_sound);
	assert_false(value.is_real);
	assert_int_equal(value.integer, wanted);
}

static void
expect_real(const char *expression, double wanted)
{
	struct profile_value value;
	assert_true(evaluates(expression, &value));
	assert_true(value.is_real);
	assert_true(value.real == wanted);
}

static void
expect_failure(const char *expression)
{
	struct profile_value value;
	bool is_sound = evaluates(expression, &value);
	if (is_sound)
		print_error("%s has a value\n", expression);
	assert_false(is_sound);
}

static int
setup(void **state)
{
	memset(&scope, 0, sizeof scope);
	scope.known[PROFILE_NAME_HEADER] = true;
	scope.values[PROFILE_NAME_HEADER].integer = 4096;
	return 0;
}

static void
test_numbers_have_units_and_bases(void **state)
{
	expect("0x1f", 31);
	expect("2K + 3M + 1G", 2048 + 3 * 1048576 + 1073741824);
	expect("0x7fffffffffffffff", INT64_MAX);
	expect_real("1.25", 1.25);
	expect_real("0.001", 0.001);
}

static void
test_operators_bind_as_in_c(void **state)
{
	expect("1 + 2 * 3", 7);
	expect("(1 + 2) * 3", 9);
	expect("10 - 4 - 3", 3);
	expect("100 / 7 / 2", 7);
	expect("-7 / 2", -3);
	expect("-7 % 3", -1);
	expect("1 << 2 + 1", 8);
	expect("6 & 3 == 3", 0);
	expect("1 | 6 & 4 ^ 1", 1 | ((6 & 4) ^ 1));
	expect("3 < 4 == 1", 1);
	expect("~5 & 0xff", 0xfa);
	expect("!3 + !0", 1);
	expect("- -5", 5);
	expect("1 || 0 && 0", 1);
	expect("0 ? 1 : 0 ? 2 : 3", 3);
	expect("1 ? 0 ? 4 : 5 : 6", 5);
	expect("1 + (1 ? 2 : 3) * 2", 5);
}

static void
test_comparisons_and_truth_are_0_or_1(void **state)
{
	expect("(1 < 2) + (2 <= 2) + (3 > 2) + (2 >= 3) + (1 == 1) + (1 != 1)", 4);
	expect("5 && 7", 1);
	expect("0 || 7", 1);
	expect("0 || 0", 0);
	expect("5 && 0", 0);
}

static void
test_integers_never_wrap(void **state)
{
	expect_failure("0x7fffffffffffffff + 1");
	expect_failure("-0x7fffffffffffffff - 2");
	expect_failure("0x4000000000000000 * 2");
	expect_failure("-(-0x7fffffffffffffff - 1)");
	expect_failure("(-0x7fffffffffffffff - 1) / -1");
	expect_failure("(-0x7fffffffffffffff - 1) % -1");
	expect_failure("ceil_pow2(0x4000000000000001)");
	expect_failure("align(0x7fffffffffffffff, 16)");
}

static void
test_division_by_zero_fails(void **state)
{
	expect_failure("1 / 0");
	expect_failure("1 % 0");
	expect_failure("1.0 / 0");
	expect_failure("align(8, 0)");
}

static void
test_shifts_stay_in_range(void **state)
{
	expect("1 << 62", INT64_C(1) << 62);
	expect_failure("1 << 63");
	expect_failure("4 << 62");
	expect_failure("1 << -1");
	expect_failure("1 >> 64");
	expect_failure("1 >> -1");
	expect("-8 >> 1", -4);
	expect("-1 >> 63", -1);
}

static void
test_the_side_not_taken_is_not_evaluated(void **state)
{
	expect("0 && 1 / 0", 0);
	expect("1 || 1 / 0", 1);
	expect("1 ? 2 : 1 / 0", 2);
	expect("0 ? 1 / 0 : 3", 3);
	expect_failure("1 && 1 / 0");
	expect_failure("0 || 1 / 0");
}

static void
test_mixed_arithmetic_is_real(void **state)
{
	expect_real("1 + 0.5", 1.5);
	expect_real("13 * 0.75", 9.75);
	expect("floor(13 * 0.75)", 9);
	expect("floor(-0.5)", -1);
	expect("ceil(9.25)", 10);
	expect("ceil(-0.5)", 0);
	expect("floor(7)", 7);
	expect("1.0 == 1", 1);
	expect("2.5 > 2", 1);
	expect("!0.0", 1);
	expect("0.5 && 1", 1);
	expect_real("max(1, 1.5)", 1.5);
	expect_real("-2.5", -2.5);
}

static void
test_reals_have_no_bits_and_no_infinity(void **state)
{
	expect_failure("1.0 << 2");
	expect_failure("1.5 & 1");
	expect_failure("5 % 2.0");
	expect_failure("~1.5");
	expect_failure("log2(2.0)");
	expect_failure("u8[4096.0]");
	expect_failure("floor(9223372036854775807 * 2.0)");
	expect_failure("f32[header + 12]");
}

static void
test_functions_of_integers(void **state)
{
	expect("align(13, 8) + align(16, 8)", 32);
	expect("align(13, 5)", 15);
	expect("pow2(64) + pow2(63) + pow2(0) + pow2(-8) + pow2(1)", 2);
	expect("ceil_pow2(5)", 8);
	expect("ceil_pow2(8)", 8);
	expect("ceil_pow2(0)", 1);
	expect("ceil_pow2(0x4000000000000000)", INT64_C(1) << 62);
	expect("log2(1)", 0);
	expect("log2(0xffff)", 15);
	expect_failure("log2(0)");
	expect("next_prime(0-5) + next_prime(2)", 4);
	expect("next_prime(4)", 5);
	expect("next_prime(26)", 29);
	expect("next_prime(25)", 29);
	expect("next_prime(0xfffffffc)", 4294967311);
	expect_failure("next_prime(0x1000000001)");
	expect_failure("next_prime(2.0)");
	expect("ceil(single(0x1000001))", 0x1000000);
	expect("single(0.1) > 0.1", 1);
	expect("single(0.5) == 0.5", 1);
	expect_failure("single(10000000000000.0 * 10000000000000.0 * 10000000000000.0)");
	expect("min(3, -4)", -4);
	expect("max(3, -4)", 3);
}

static void
test_lists_are_searched(void **state)
{
	expect("member(primes, 7) + member(primes, 2) + member(primes, 11)", 3);
	expect("member(primes, 6) + member(primes, 1) + member(primes, 12)", 0);
	expect("next(primes, 6)", 7);
	expect("next(primes, 7)", 7);
	expect("next(primes, -3)", 2);
	expect("next(one, 4)", 4);
	expect_failure("next(primes, 12)");
}

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

/* The compiler makes one instruction of several: never where a jump leads between them. */
static void
test_a_branch_may_end_anywhere(void **state)
{
	expect("u8[header + 24]", 128);
	expect("(1 ? 2 : 3) + 4", 6);
	expect("(0 ? 2 : 3) + 4", 7);
	expect("4 - (1 ? 2 : 3)", 2);
	expect("(1 && 0) + 4 * 2 - 1", 7);
	expect("(0 || 5) + 4", 5);
	expect("u8[(1 ? header : 0) + 24] == 128", 1);
	expect("u8[(0 ? 0 : header) + (1 ? 24 : header)]", 128);
	expect("1 ? u8[header + 25] : u8[header + 26]", 1);
	expect("0 ? u8[header + 25] : u8[header + 26]", 2);
	expect("2.5 * 2 == 5", 1);
	expect_failure("1.5 & 1");
	expect_failure("7 / 0");
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
	assert_true(profile_evaluate(&profile, profile.steps[2].value, &scope, &window, &value));
	assert_int_equal(value.integer, -1);
	static const char *const outside[] = {"u8[header]", "u8[header + 9]", "u16[header + 8]",
	                                      "u64[header + 2]"};
	for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
		compile(outside[i]);
		assert_false(profile_evaluate(&profile, profile.steps[2].value, &scope, &window,
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

static void
test_a_name_without_a_value_fails(void **state)
{
	expect_failure("buckets");
	expect("1 || buckets", 1);
	expect_failure("live(w)");
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

static void
test_unsigned_results_are_not_negative(void **state)
{
	static const struct { const char *expression; bool is_sound; uint64_t value; } cases[] = {
		{"5", true, 5}, {"2.75", true, 2}, {"-1", false, 0}, {"-0.5", false, 0},
		{"1000000.0 * 1000000.0 * 10000000.0", false, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t value = 0;
		compile(cases[i].expression);
		assert_int_equal(profile_evaluate_unsigned(&profile, profile.steps[2].value, &scope,
		                                           &memory, &value), cases[i].is_sound);
		if (cases[i].is_sound)
			assert_int_equal(value, cases[i].value);
	}
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
		cmocka_unit_test_setup(test_numbers_have_units_and_bases, setup),
		cmocka_unit_test_setup(test_operators_bind_as_in_c, setup),
		cmocka_unit_test_setup(test_comparisons_and_truth_are_0_or_1, setup),
		cmocka_unit_test_setup(test_integers_never_wrap, setup),
		cmocka_unit_test_setup(test_division_by_zero_fails, setup),
		cmocka_unit_test_setup(test_shifts_stay_in_range, setup),
		cmocka_unit_test_setup(test_the_side_not_taken_is_not_evaluated, setup),
		cmocka_unit_test_setup(test_mixed_arithmetic_is_real, setup),
		cmocka_unit_test_setup(test_reals_have_no_bits_and_no_infinity, setup),
		cmocka_unit_test_setup(test_functions_of_integers, setup),
		cmocka_unit_test_setup(test_lists_are_searched, setup),
		cmocka_unit_test_setup(test_memory_is_read_by_type, setup),
		cmocka_unit_test_setup(test_a_branch_may_end_anywhere, setup),
		cmocka_unit_test_setup(test_the_sum_of_two_names_is_an_address, setup),
		cmocka_unit_test_setup(test_a_window_is_read_in_place, setup),
		cmocka_unit_test_setup(test_unreadable_memory_fails, setup),
		cmocka_unit_test_setup(test_blocks_are_found, setup),
		cmocka_unit_test_setup(test_a_name_without_a_value_fails, setup),
		cmocka_unit_test_setup(test_a_census_folds_onto_fewer_slots, setup),
		cmocka_unit_test_setup(test_unsigned_results_are_not_negative, setup),
		cmocka_unit_test_setup(test_steps_fill_the_scope, setup),
		cmocka_unit_test_setup(test_a_step_that_is_not_true_refuses, setup),
		cmocka_unit_test_setup(test_a_loop_ends_or_refuses, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
