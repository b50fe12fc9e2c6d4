/*
 * Protects: what a profile's author is told about errors, and that no text, however hostile, is
 * taken for a profile or harms the compiler.
 */
#include "tests/unit/test_profiles_sample.h"

#include <stdio.h>
#include <stdlib.h>

#define HEAD "profile x\nwake always\nanchor buckets at header points base\n"
#define TAIL "count 1\npart buckets in buckets bytes 8\nneeded 0\n"

static struct profile profile;
static struct profile_error errors[8];

static size_t
compile(const char *text)
{
	return profile_compile(&profile, text, strlen(text), errors, 8);
}

/* `text` has exactly one error, at this place, whose message holds these words. */
static void
expect_error(const char *text, uint32_t line, uint32_t column, const char *words)
{
	size_t count = compile(text);
	if (count != 1 || errors[0].line != line || errors[0].column != column ||
	    strstr(errors[0].message, words) == NULL)
		print_error("%s\n%zu errors, the first %u:%u: %s\n", text, count, errors[0].line,
		            errors[0].column, errors[0].message);
	assert_int_equal(count, 1);
	assert_int_equal(errors[0].line, line);
	assert_int_equal(errors[0].column, column);
	assert_non_null(strstr(errors[0].message, words));
}

static void
test_every_shipped_profile_compiles(void **state)
{
	assert_true(profiles_shipped_count >= 4);
	for (size_t i = 0; i < profiles_shipped_count; i++) {
		const struct profile_source *source = &profiles_shipped[i];
		assert_int_equal(strlen(source->text), source->size);
		size_t count = profile_compile(&profile, source->text, source->size, errors, 8);
		if (count > 0)
			print_error("%s:%u:%u: %s\n", source->name, errors[0].line, errors[0].column,
			            errors[0].message);
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
		assert_int_equal(profile_compile(&profile, source->text, source->size, errors, 8), 0);
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
test_a_misspelt_name_is_guessed_at_its_place(void **state)
{
	expect_error(HEAD "let a = 1 + bukets\n" TAIL, 4, 13,
	             "unknown name 'bukets'; did you mean 'buckets'?");
	expect_error(HEAD "let a = alignn(1, 2)\n" TAIL, 4, 9, "did you mean 'align'?");
	expect_error(HEAD "requir 1\n" TAIL, 4, 1, "did you mean 'require'?");
	expect_error("profile x\nwake always\nrole bucket frames \"f\"\n"
	             "anchor buckets at header points base\n" TAIL, 3, 6, "did you mean 'buckets'?");
}

static void
test_a_name_is_unknown_above_its_definition(void **state)
{
	expect_error(HEAD "let a = b\nlet b = 1\n" TAIL, 4, 9, "unknown name 'b'");
	expect_error(HEAD "let a = a\n" TAIL, 4, 9, "unknown name 'a'");
	expect_error(HEAD "let a = live(main)\n" TAIL, 4, 14, "name of a walk");
	expect_error(HEAD "let a = next(primes, 1)\n" TAIL, 4, 14, "name of a list");
}

static void
test_fixed_names_have_values_only_at_their_places(void **state)
{
	expect_error(HEAD "let a = bucket\n" TAIL, 4, 9, "has no value here");
	expect_error(HEAD "let a = count\n" TAIL, 4, 9, "has no value here");
	expect_error(HEAD "count 1\npart buckets in buckets bytes 8\nneeded held\n", 6, 8,
	             "has no value here");
	assert_int_equal(compile(HEAD TAIL "keeps held - needed + count\n"), 0);
}

static void
test_a_part_cannot_use_what_is_worked_out_later(void **state)
{
	expect_error(HEAD "count 1\nlet late = 8\npart buckets in buckets bytes late\nneeded 0\n",
	             6, 31, "worked out after this");
}

static void
test_a_name_is_defined_once_and_is_no_word_of_the_language(void **state)
{
	expect_error(HEAD "let buckets = 1\n" TAIL, 4, 5, "defined already");
	expect_error(HEAD "let next = 1\n" TAIL, 4, 5, "a word of the language");
	expect_error(HEAD "let u32 = 1\n" TAIL, 4, 5, "a word of the language");
	expect_error(HEAD "let count = 1\n" TAIL, 4, 5, "a word of the language");
}

static void
test_statements_have_an_order_and_some_stand_once(void **state)
{
	expect_error(HEAD "wake always\n" TAIL, 4, 1, "comes too late");
	expect_error(HEAD "count 1\npart buckets in buckets bytes 8\nneeded 0\nlet a = 1\n", 7, 1,
	             "comes too late");
	expect_error("profile x\ntitle \"a\"\ntitle \"b\"\nwake always\n"
	             "anchor buckets at header points base\n" TAIL, 3, 1, "a second 'title'");
	expect_error("wake always\nprofile x\nanchor buckets at header points base\n" TAIL, 1, 1,
	             "begins with its name");
}

static void
test_what_is_missing_is_named(void **state)
{
	assert_int_equal(compile(""), 5);
	assert_non_null(strstr(errors[0].message, "'profile'"));
	assert_non_null(strstr(errors[1].message, "'wake'"));
	assert_non_null(strstr(errors[2].message, "'anchor'"));
	assert_non_null(strstr(errors[3].message, "'count'"));
	assert_non_null(strstr(errors[4].message, "'needed'"));
	expect_error(HEAD "count 1\nneeded 0\n", 6, 1, "part buckets");
	expect_error(HEAD "walk w table {\nat buckets\ncount 1\nstride 8\n}\n" TAIL, 4, 6,
	             "counts nothing");
	expect_error(HEAD "walk w chain {\nfrom 1\n}\n" TAIL, 4, 6, "has no 'next'");
	expect_error(HEAD "walk w chain {\nfrom 1\nnext node\nparted_by w\n}\n" TAIL, 7, 11,
	             "name of a table walk");
	expect_error(HEAD "walk t table {\nat 1\ncount 1\nstride 8\nlive 1\nparted_by t\n}\n" TAIL,
	             9, 11, "an attribute of a table");
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
test_several_errors_are_reported_from_one_text(void **state)
{
	size_t count = compile(HEAD "let a = )\nfield b u9 at 1\nlet c = a + b\n"
	                       "walk w chain {\nfrom 1 1\nnest 2\nnext node\n}\n" TAIL);
	assert_int_equal(count, 4);
	assert_int_equal(errors[0].line, 4);
	assert_int_equal(errors[1].line, 5);
	assert_int_equal(errors[2].line, 8);
	assert_int_equal(errors[3].line, 9);
	assert_non_null(strstr(errors[3].message, "did you mean 'next'?"));
}

static void
test_no_more_errors_are_stored_than_there_is_room_for(void **state)
{
	struct profile_error few[2];
	const char text[] = "a\nb\nc\nd\n";
	few[1].line = 77;
	assert_int_equal(profile_compile(&profile, text, strlen(text), few, 1), 1);
	assert_int_equal(few[1].line, 77);
}

static void
test_broken_tokens_say_what_is_wrong(void **state)
{
	expect_error(HEAD "let a = 99999999999999999999\n" TAIL, 4, 9, "too large");
	expect_error(HEAD "let a = 1x\n" TAIL, 4, 9, "units K, M, G");
	expect_error(HEAD "let a = 0x\n" TAIL, 4, 9, "needs digits");
	expect_error(HEAD "let a = 1.\n" TAIL, 4, 9, "digit behind its point");
	expect_error(HEAD "require 1 = 1\n" TAIL, 4, 11, "write '=='");
	expect_error(HEAD "let a = 1 $ 2\n" TAIL, 4, 11, "means nothing");
	expect_error(HEAD "let a = 1 \\ \n" TAIL, 4, 11, "joins lines");
	expect_error("profile x\ntitle \"no end\nwake always\n"
	             "anchor buckets at header points base\n" TAIL, 2, 7, "no closing");
}

static void
test_a_line_that_is_too_long_is_refused(void **state)
{
	char text[1024];
	char blanks[600];
	memset(blanks, ' ', sizeof blanks - 1);
	blanks[sizeof blanks - 1] = 0;
	snprintf(text, sizeof text, HEAD "let a =%s1\n" TAIL, blanks);
	assert_int_equal(compile(text), 1);
	assert_int_equal(errors[0].line, 4);
	assert_non_null(strstr(errors[0].message, "longer than 512"));
}

static void
test_lines_are_joined_by_a_backslash(void **state)
{
	assert_int_equal(compile(HEAD "let a = \\\n 1 \\\r\n + 2\n" TAIL), 0);
	expect_error(HEAD "let a = \\\n b\n" TAIL, 5, 2, "unknown name 'b'");
}

static void
test_lists_ascend(void **state)
{
	expect_error("profile x\nwake always\nlist l 1 2 2\nanchor buckets at header points base\n" TAIL,
	             3, 12, "ascends");
}

/* `piece` so often in `into`, between the head and the tail. */
static char *
repeated(const char *before, const char *piece, int times, const char *behind)
{
	size_t size = strlen(before) + strlen(piece) * (size_t)times + strlen(behind) + 1;
	char *text = malloc(size);
	char *at = stpcpy(text, before);
	while (times-- > 0)
		at = stpcpy(at, piece);
	strcpy(at, behind);
	return text;
}

static void
expect_refused(const char *before, const char *piece, int times, const char *behind,
               const char *words)
{
	char *text = repeated(before, piece, times, behind);
	assert_true(compile(text) >= 1);
	if (strstr(errors[0].message, words) == NULL)
		print_error("%s: %s\n", piece, errors[0].message);
	assert_non_null(strstr(errors[0].message, words));
	free(text);
}

static void
test_deep_nesting_is_refused(void **state)
{
	expect_refused(HEAD "let a = ", "(", 400, "\n" TAIL, "nests too deep");
	expect_refused(HEAD "let a = ", "-", 400, "1\n" TAIL, "nests too deep");
	expect_refused(HEAD "let a = ", "!\\\n", 9000, "1\n" TAIL, "nests too deep");
	expect_refused(HEAD "let a = ", "1?", 200, "1\n" TAIL, "nests too deep");
	expect_refused(HEAD "let a = ", "1?1:\\\n", 5000, "1\n" TAIL, "too many '?'");
	expect_refused(HEAD "let a = ", "1+(", 40, "1\n" TAIL, "nests too deep");
	expect_refused(HEAD "let a = ", "u8[", 100, "1\n" TAIL, "nests too deep");
	expect_refused(HEAD "let a = ", "min(1,", 40, "1\n" TAIL, "nests too deep");
}

static void
test_every_table_has_a_capacity(void **state)
{
	const char *rest = "anchor buckets at header points base\n" TAIL;
	expect_refused(HEAD, "require 1\n", 129, TAIL, "too long");
	expect_refused("profile x\nwake always\n", "wrapper \"f\"\n", 257, rest, "too many patterns");
	expect_refused("profile x\nwake always\n", "role other frames \"f\"\n", 65, rest,
	               "too many role rules");
	expect_refused("profile x\nwake always\nrole other frames", " \"f\"", 7, "\n", "too many frames");
	expect_refused(HEAD "let a = 1", "+\\\n1", 4096, "\n" TAIL, "too long");
	expect_refused(HEAD TAIL, "remedy r \"x\" leaves 0 transient 0\n", 5, "", "too many remedies");
	expect_refused(HEAD, "#\n", 40000, TAIL, "64 KiB");
}

static void
test_any_prefix_of_a_profile_is_compiled_without_harm(void **state)
{
	const struct profile_source *source = &profiles_shipped[0];
	for (size_t size = 0; size < source->size; size += 7) {
		char *text = malloc(size + 1); /* exact, so that the sanitizer sees any byte too far */
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
	assert_string_equal(profile_text(&profile, profile.title, into, sizeof into), "a \"b\" \\ c");
	assert_string_equal(profile_text(&profile, profile.title, into, 3), "a ");
}

static void
test_clauses_of_a_role_reach_the_rule(void **state)
{
	assert_int_equal(compile("profile x\nwake always\nrole buckets frames \"f\" \"g\" size size > 8 "
	                         "split 16/17 overflow transient reserved\n"
	                         "anchor buckets at header points base\n" TAIL), 0);
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
	assert_int_equal(compile("profile x\nwake always\nanchor buckets at header + 32 points base + 16\n"
	                         "anchor ctrl at header - 8 points inside\n" TAIL), 0);
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
	expect_error("profile x\nwake always\nanchor buckets at header points base size u8[size]\n" TAIL,
	             3, 43, "knows the name 'size'");
	expect_error("profile x\nwake always\nanchor buckets at header points base size size(8) > 0\n"
	             TAIL, 3, 43, "functions of numbers only");
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
		cmocka_unit_test(test_a_misspelt_name_is_guessed_at_its_place),
		cmocka_unit_test(test_a_name_is_unknown_above_its_definition),
		cmocka_unit_test(test_fixed_names_have_values_only_at_their_places),
		cmocka_unit_test(test_a_part_cannot_use_what_is_worked_out_later),
		cmocka_unit_test(test_a_name_is_defined_once_and_is_no_word_of_the_language),
		cmocka_unit_test(test_statements_have_an_order_and_some_stand_once),
		cmocka_unit_test(test_what_is_missing_is_named),
		cmocka_unit_test(test_an_entry_may_have_several_values_of_its_own),
		cmocka_unit_test(test_several_errors_are_reported_from_one_text),
		cmocka_unit_test(test_no_more_errors_are_stored_than_there_is_room_for),
		cmocka_unit_test(test_broken_tokens_say_what_is_wrong),
		cmocka_unit_test(test_a_line_that_is_too_long_is_refused),
		cmocka_unit_test(test_lines_are_joined_by_a_backslash),
		cmocka_unit_test(test_lists_ascend),
		cmocka_unit_test(test_deep_nesting_is_refused),
		cmocka_unit_test(test_every_table_has_a_capacity),
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
