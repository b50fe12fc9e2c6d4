/*
 * Protects: the value of every operator and function, and that whatever has no exact value makes
 * an expression fail instead of giving a wrong one; on bare integers (whole expressions) as on
 * values that say what they are.
 */
#include "tests/unit/test_profiles_value.h"

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

static void
test_a_name_without_a_value_fails(void **state)
{
	expect_failure("buckets");
	expect("1 || buckets", 1);
	expect_failure("live(w)");
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
		assert_int_equal(profile_evaluate_unsigned(&profile, profile.steps[3].value, &scope,
		                                           &memory, &value), cases[i].is_sound);
		if (cases[i].is_sound)
			assert_int_equal(value, cases[i].value);
	}
}

static void
test_an_expression_without_reals_is_whole(void **state)
{
	static const struct { const char *expression; bool is_whole; } cases[] = {
		{"header + 1", true}, {"1 ? 2 : 3", true}, {"ceil(7) + u32[header]", true},
		{"live(w) && member(primes, 3) || -1", true}, {"u8[header + header] >= 5", true},
		{"1.5", false}, {"floor(1.5)", false}, {"1 ? 2.0 : 3", false},
		{"f32[header] > 1", false}, {"f64[header + header] > 1", false},
		{"single(1) > 0", false}, {"0 && 1.5", false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		compile(cases[i].expression);
		assert_int_equal(profile.steps[3].value.is_whole, cases[i].is_whole);
	}
}

/* What one name can be goes on to those that use it, from turn to turn of a loop as well. */
static void
test_names_tell_whether_they_may_be_reals(void **state)
{
	static const char text[] = HEAD
		"field f f32 at header\n" "field u u32 at header\n" "let x = f\n"
		"let y = u + 1\n" "let below = floor(x)\n" "let z = below + 1\n"
		"let bit = x > 1\n" "let n = bit + 1\n" "let either = u ? 1 : u ? x : 2\n"
		"let e = either + 1\n" "let m = -x\n" "let o = m\n"
		"loop p = 1 while p < 9 next 2 * p\n" "let q = p\n"
		"loop r = 1 while r < 9 next 1.5 * r\n" "let s = r\n" TAIL;
	static const bool is_whole[] = {true, true, false, true, false, true, false, true,
	                                false, false, false, false, true, true, true, false};
	sample_compile(&profile, text, sizeof text - 1);
	for (size_t i = 0; i < sizeof is_whole / sizeof *is_whole; i++)
		assert_int_equal(profile.steps[i].value.is_whole, is_whole[i]);
	const struct profile_step *whole = &profile.steps[12], *real = &profile.steps[14];
	assert_true(whole->condition.is_whole && whole->next.is_whole);
	assert_false(real->condition.is_whole || real->next.is_whole);
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
		cmocka_unit_test_setup(test_a_branch_may_end_anywhere, setup),
		cmocka_unit_test_setup(test_a_name_without_a_value_fails, setup),
		cmocka_unit_test_setup(test_unsigned_results_are_not_negative, setup),
		cmocka_unit_test_setup(test_an_expression_without_reals_is_whole, setup),
		cmocka_unit_test_setup(test_names_tell_whether_they_may_be_reals, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
