/*
 * Protects: what compiling makes of a text, that the shipped profiles compile to what the library
 * holds, and that no piece of a text harms the compiler.
 */
#include "tests/unit/test_profiles_text.h"

#include <stdlib.h>

static void
test_every_shipped_profile_compiles(void **state)
{
	assert_true(profiles_shipped_count >= 4);
	for (size_t i = 0; i < profiles_shipped_count; i++) {
		const struct profile_source *source = &profiles_shipped[i];
		assert_int_equal(strlen(source->text), source->size);
		size_t count = profile_compile(&profile, source->text, source->size, errors, 8);
		if (count > 0)
			print_error("%s:%u:%u: %s\n", source->name, errors[0].line,
			            errors[0].column, errors[0].message);
		assert_int_equal(count, 0);
		assert_string_equal(profile.name, source->name);
		assert_true(profile.title.size > 0 && profile.verified.size > 0);
		assert_true(profile.remedy_count > 0);
	}
}

/* Arrays without gaps between their fields. */
#define assert_same(a, b, field) assert_memory_equal((a)->field, (b)->field, sizeof((a)->field))

static void
test_what_the_library_holds_is_what_compiling_gives(void **state)
{
	for (size_t i = 0; i < profiles_shipped_count; i++) {
		const struct profile_source *source = &profiles_shipped[i];
		const struct profile *held = profiles_compiled[i];
		assert_int_equal(profile_compile(&profile, source->text, source->size, errors, 8),
		                 0);
		assert_ptr_equal(held->text, source->text);
		assert_int_equal(held->text_size, source->size);
		assert_int_equal(held->minimum, profile.minimum);
		assert_int_equal(held->wakes_always, profile.wakes_always);
		assert_int_equal(held->wake_symbol_count, profile.wake_symbol_count);
		assert_int_equal(held->anchor_count, profile.anchor_count);
		assert_int_equal(held->step_count, profile.step_count);
		assert_int_equal(held->walk_count, profile.walk_count);
		assert_int_equal(held->remedy_count, profile.remedy_count);
		assert_int_equal(held->rule_count, profile.rule_count);
		assert_int_equal(held->code_count, profile.code_count);
		assert_same(held, &profile, name);
		assert_same(held, &profile, patterns);
		assert_same(held, &profile, wake_symbols);
		assert_same(held, &profile, numbers);
		assert_same(held, &profile, names);
		assert_same(held, &profile, code);
	}
}

static void
test_the_smallest_profile_compiles(void **state)
{
	assert_int_equal(compile(HEAD TAIL), 0);
	assert_string_equal(profile.name, "x");
	assert_true(profile.wakes_always);
}

static void
test_an_entry_may_have_several_values_of_its_own(void **state)
{
	const char four[] = HEAD "walk w chain {\nfrom 1\nnext node\nkey node\nvalue node + 8\n"
	                    "value node + 16\nvalue node + 24\n}\n" TAIL;
	assert_int_equal(compile(four), 0);
	for (int i = 0; i < PROFILE_OUTSIDE_MAX; i++)
		assert_true(profile.walks[0].outside[i].length > 0);
	expect_error(HEAD "walk w chain {\nfrom 1\nnext node\nkey node\nvalue 1\nvalue 2\nvalue 3\n"
	             "value 4\n}\n" TAIL, 11, 1, "too many keys and values");
	expect_error(HEAD "walk w chain {\nfrom 1\nnext node\nnext node\n}\n" TAIL, 7, 1,
	             "a second 'next'");
}

static void
test_lines_are_joined_by_a_backslash(void **state)
{
	assert_int_equal(compile(HEAD "let a = \\\n 1 \\\r\n + 2\n" TAIL), 0);
	expect_error(HEAD "let a = \\\n b\n" TAIL, 5, 2, "unknown name 'b'");
}

static void
test_any_prefix_of_a_profile_is_compiled_without_harm(void **state)
{
	const struct profile_source *source = &profiles_shipped[0];
	for (size_t size = 0; size < source->size; size += 7) {
		char *text = malloc(size + 1); /* exact, so that the sanitizer sees any byte too
		                                * far */
		memcpy(text, source->text, size);
		size_t count = profile_compile(&profile, text, size, errors, 8);
		assert_true(count <= 8);
		free(text);
	}
}

static void
test_texts_lose_their_backslashes(void **state)
{
	char into[32];
	assert_int_equal(compile("profile x\ntitle \"a \\\"b\\\" \\\\ c\"\nwake always\n"
	                         "anchor buckets at header points base\n" TAIL), 0);
	assert_string_equal(profile_text(&profile, profile.title, into, sizeof into),
	                    "a \"b\" \\ c");
	assert_string_equal(profile_text(&profile, profile.title, into, 3), "a ");
}

static void
test_clauses_of_a_role_reach_the_rule(void **state)
{
	assert_int_equal(
	    compile("profile x\nwake always\nrole buckets frames \"f\" \"g\" size size > 8 "
	            "split 16/17 overflow transient reserved\n"
	            "anchor buckets at header points base\n" TAIL),
	    0);
	const struct profile_rule *rule = &profile.rules[0];
	assert_int_equal(rule->role, PROFILE_BUCKETS);
	assert_int_equal(rule->split_role, PROFILE_OVERFLOW);
	assert_int_equal(rule->split_share, 16);
	assert_int_equal(rule->split_whole, 17);
	assert_int_equal(rule->frames, 2);
	assert_true(rule->is_transient && rule->is_reserved && rule->size.length > 0);
	expect_error("profile x\nwake always\nrole buckets frames \"f\" split 17/16 overflow\n"
	             "anchor buckets at header points base\n" TAIL, 3, 31, "below 1");
	expect_error("profile x\nwake always\nrole buckets frames \"f\" size count > 1\n"
	             "anchor buckets at header points base\n" TAIL, 3, 30, "knows the name 'size'");
}

static void
test_anchors_keep_their_offsets(void **state)
{
	assert_int_equal(
	    compile("profile x\nwake always\nanchor buckets at header + 32 points base + 16\n"
	            "anchor ctrl at header - 8 points inside\n" TAIL),
	    0);
	assert_int_equal(profile.anchors[0].offset, 32);
	assert_int_equal(profile.anchors[0].plus, 16);
	assert_int_equal(profile.anchors[0].points, PROFILE_POINTS_BASE);
	assert_int_equal(profile.anchors[1].offset, -8);
	assert_int_equal(profile.anchors[1].points, PROFILE_POINTS_INSIDE);
}

static void
test_a_size_condition_sees_numbers_only(void **state)
{
	const char *good = "profile x\nwake always\nlist odd 1 3 5\nanchor a at header points base "
	                   "size size % 8 == 0 && member(odd, size / 8)\ncount 1\n"
	                   "part buckets in a bytes 8\nneeded 0\n";
	assert_int_equal(compile(good), 0);
	assert_true(profile.anchors[0].size.length > 0);
	expect_error(
	    "profile x\nwake always\nanchor buckets at header points base size u8[size]\n" TAIL, 3,
	    43, "knows the name 'size'");
	expect_error(
	    "profile x\nwake always\nanchor buckets at header points base size size(8) > 0\n" TAIL,
	    3, 43, "functions of numbers only");
	expect_error("profile x\nwake always\nanchor buckets at header points inside size\n" TAIL,
	             3, 44, "the line ends here");
}

static void
expect_fit(uint64_t size, bool fits)
{
	if (profile_anchor_fits(&profile, &profile.anchors[0], size) != fits)
		fail_msg("%s: a block of %llu bytes", profile.name, (unsigned long long)size);
}

/* A profile that passed over its own arrays would find nothing, and nobody would miss it. */
static void
test_shipped_anchors_fit_all_sizes_that_their_layout_has(void **state)
{
	static const uint64_t primes[] = {2, 13, 29, 59, 127, 541, 1109, 1447153, 4294967291};
	sample_compile_shipped(&profile, "libstdcxx-unordered");
	for (size_t i = 0; i < sizeof primes / sizeof *primes; i++)
		expect_fit(8 * primes[i], true);
	expect_fit(8 * 128, false);
	expect_fit(8 * 13 + 4, false);
	sample_compile_shipped(&profile, "ghashtable");
	for (int bits = 3; bits <= 30; bits++)
		expect_fit(UINT64_C(4) << bits, true);
	expect_fit(96, false);
	sample_compile_shipped(&profile, "uthash");
	for (int bits = 0; bits <= 30; bits++)
		expect_fit(UINT64_C(16) << bits, bits >= 5);
	sample_compile_shipped(&profile, "gohmap");
	for (uint64_t stride = 24; stride <= 16 + 8 * 510; stride += 8) {
		for (int bits = 0; bits <= 24; bits++) {
			uint64_t slots = UINT64_C(1) << bits;
			expect_fit(stride * (slots + (bits >= 4 ? slots >> 4 : 0)), true);
		}
		expect_fit(stride + 4, false);
	}
	expect_fit(1 << 20, false);
}

static void
test_steps_that_ask_a_census_are_marked(void **state)
{
	assert_int_equal(compile(HEAD "require 1\nwalk w table {\nat buckets\ncount 1\nstride 8\n"
	                         "live 1\n}\nrequire live(w) == 1\nquiet 1\n" TAIL), 0);
	assert_false(profile.steps[0].asks_census);
	assert_false(profile.steps[1].asks_census);
	assert_true(profile.steps[2].asks_census);
	assert_false(profile.steps[2].is_busy_check);
	assert_true(profile.steps[3].is_busy_check);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_shipped_profile_compiles),
		cmocka_unit_test(test_what_the_library_holds_is_what_compiling_gives),
		cmocka_unit_test(test_the_smallest_profile_compiles),
		cmocka_unit_test(test_an_entry_may_have_several_values_of_its_own),
		cmocka_unit_test(test_lines_are_joined_by_a_backslash),
		cmocka_unit_test(test_any_prefix_of_a_profile_is_compiled_without_harm),
		cmocka_unit_test(test_texts_lose_their_backslashes),
		cmocka_unit_test(test_clauses_of_a_role_reach_the_rule),
		cmocka_unit_test(test_anchors_keep_their_offsets),
		cmocka_unit_test(test_a_size_condition_sees_numbers_only),
		cmocka_unit_test(test_shipped_anchors_fit_all_sizes_that_their_layout_has),
		cmocka_unit_test(test_steps_that_ask_a_census_are_marked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
