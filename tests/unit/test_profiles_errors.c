/*
 * Protects: what a profile's author is told about errors, and that no text is too deep or too long
 * for the compiler.
 */
#include "tests/unit/test_profiles_text.h"

#include <stdio.h>
#include <stdlib.h>

/* A walk over cells, up to its closing brace. */
#define TABLE "walk w table {\nat 1\ncount 1\nstride 8\nlive 1\n"

static void
test_a_misspelt_name_is_guessed_at_its_place(void **state)
{
	expect_error(HEAD "let a = 1 + bukets\n" TAIL, 4, 13,
	             "unknown name 'bukets'; did you mean 'buckets'?");
	expect_error(HEAD "let a = alignn(1, 2)\n" TAIL, 4, 9, "did you mean 'align'?");
	expect_error(HEAD "requir 1\n" TAIL, 4, 1, "did you mean 'require'?");
	expect_error("profile x\nwake always\nrole bucket frames \"f\"\n"
	             "anchor buckets at header points base\n" TAIL,
	             3, 6, "did you mean 'buckets'?");
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
	expect_error(HEAD TABLE "home 1\n}\n" TAIL, 4, 6, "tells a part of a search");
	expect_error(HEAD TABLE "run 1\n}\n" TAIL, 4, 6, "tells a part of a search");
	expect_error(HEAD TABLE "home 1\nonward 1\nvacant 1\nnext 0\n}\n" TAIL, 4, 6,
	             "without 'next'");
	expect_error(HEAD TABLE "home place\nonward 1\nvacant 1\n}\n" TAIL, 9, 6,
	             "has no value here");
	expect_error(HEAD "walk w chain {\nfrom 1\nnext node\nhome 1\n}\n" TAIL, 7, 1,
	             "belongs to a table walk");
	expect_error(HEAD "walk t table {\nat 1\ncount 1\nstride 8\nlive 1\nhash 1\n}\n" TAIL, 9, 1,
	             "belongs to a chain");
	expect_error(HEAD "walk w chain {\nfrom 1\nnext node\n}\nlet x = regrown(w, 5)\n" TAIL, 8,
	             20, "a chain with 'hash' and the table it hangs in");
	expect_error(HEAD "walk w chain {\nfrom 1\nnext node\nparted_by w\n}\n" TAIL, 7, 11,
	             "name of a table walk");
	expect_error(HEAD "walk t table {\nat 1\ncount 1\nstride 8\nlive 1\nparted_by t\n}\n" TAIL,
	             9, 11, "an attribute of a table");
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
test_lists_ascend(void **state)
{
	expect_error(
	    "profile x\nwake always\nlist l 1 2 2\nanchor buckets at header points base\n" TAIL, 3,
	    12, "ascends");
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
	expect_refused("profile x\nwake always\n", "wrapper \"f\"\n", 257, rest,
	               "too many patterns");
	expect_refused("profile x\nwake always\n", "role other frames \"f\"\n", 65, rest,
	               "too many role rules");
	expect_refused("profile x\nwake always\nrole other frames", " \"f\"", 7, "\n",
	               "too many frames");
	expect_refused(HEAD "let a = 1", "+\\\n1", 4096, "\n" TAIL, "too long");
	expect_refused(HEAD TAIL, "remedy r \"x\" leaves 0 transient 0\n", 5, "",
	               "too many remedies");
	expect_refused(HEAD, "#\n", 40000, TAIL, "64 KiB");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_misspelt_name_is_guessed_at_its_place),
		cmocka_unit_test(test_a_name_is_unknown_above_its_definition),
		cmocka_unit_test(test_fixed_names_have_values_only_at_their_places),
		cmocka_unit_test(test_a_part_cannot_use_what_is_worked_out_later),
		cmocka_unit_test(test_a_name_is_defined_once_and_is_no_word_of_the_language),
		cmocka_unit_test(test_statements_have_an_order_and_some_stand_once),
		cmocka_unit_test(test_what_is_missing_is_named),
		cmocka_unit_test(test_several_errors_are_reported_from_one_text),
		cmocka_unit_test(test_no_more_errors_are_stored_than_there_is_room_for),
		cmocka_unit_test(test_broken_tokens_say_what_is_wrong),
		cmocka_unit_test(test_a_line_that_is_too_long_is_refused),
		cmocka_unit_test(test_lists_ascend),
		cmocka_unit_test(test_deep_nesting_is_refused),
		cmocka_unit_test(test_every_table_has_a_capacity),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
