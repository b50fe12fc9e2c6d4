/* The list of accepted maps: what it accepts, and how it speaks of its errors. */
#include "analyzer/accepted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct symbols_frame frames[] = {
    {.function = "std::_Hashtable<int>::_M_rehash(unsigned long)"},
    {.function = "Cache::operator[](int)", .symbol = "_ZN5CacheixEi"},
    {.function = NULL},
    {.function = "main"},
};
static const struct model_names names = {
    .frames = frames,
    .frame_count = 4,
    .type = "std::unordered_map<int, long>",
};

static bool
accepts(const char *text, const char *profile)
{
	struct accepted_error error;
	struct accepted *accepted = accepted_parse(text, strlen(text), &error);
	bool result;

	assert_non_null(accepted);
	result = accepted_matches(accepted, profile, &names, "sessions");
	accepted_release(accepted);
	return result;
}

static void
all_conditions_of_a_rule_must_match(void **state)
{
	assert_true(accepts("profile \"libstdc*\"", "libstdcxx"));
	assert_false(accepts("profile \"libstdc\"", "libstdcxx"));
	assert_true(accepts("profile \"lib*\" and function \"main\"", "libstdcxx"));
	assert_false(accepts("profile \"lib*\" and function \"mai\"", "libstdcxx"));
	assert_true(accepts("type \"std::unordered_map<int, *\" and function \"Cache*\"", "x"));
	assert_false(accepts("type \"std::unordered_set*\" and function \"Cache*\"", "x"));
	assert_true(accepts("name sess*", "x"));
	assert_false(accepts("name caches and profile x", "x"));
}

static void
any_function_of_the_stack_may_match(void **state)
{
	assert_true(accepts("function \"main\"", "x"));
	assert_true(accepts("function \"_ZN5Cache*\"", "x"));
	assert_false(accepts("function \"_ZN6Cache*\"", "x"));
}

static void
brackets_stand_for_themselves(void **state)
{
	assert_true(accepts("function \"Cache::operator[](*\"", "x"));
	assert_true(accepts("function \"Cache::operator?](int)\"", "x"));
	assert_false(accepts("function \"[C]ache*\"", "x"));
}

static void
one_matching_rule_is_enough(void **state)
{
	assert_true(accepts("# why\n\nprofile \"no\" # never\n\tfunction \"main\"\r\n", "x"));
	assert_false(accepts("", "x"));
	assert_false(accepts("# only words\n", "x"));
}

static void
quotes_and_backslashes_can_be_written(void **state)
{
	assert_true(accepts("profile \"a\\\"b\\\\c\"", "a\"b\\c"));
	assert_true(accepts("profile \"a#b\"", "a#b"));
	assert_true(accepts("profile lib* and function main # known", "libstdcxx"));
	assert_false(accepts("profile lib", "libstdcxx"));
}

static void
use_is_counted(void **state)
{
	static const char text[] = "profile \"no\"\nprofile \"yes\"\n";
	struct accepted_error error;
	struct accepted *accepted = accepted_parse(text, strlen(text), &error);

	accepted_matches(accepted, "yes", &names, NULL);
	accepted_matches(accepted, "yes", &names, NULL);
	assert_int_equal(accepted->rules[0].used, 0);
	assert_int_equal(accepted->rules[1].used, 2);
	assert_int_equal(accepted->rules[1].line, 2);
	assert_string_equal(accepted->rules[1].text, "profile \"yes\"");
	accepted_release(accepted);
}

static void
no_list_accepts_nothing(void **state)
{
	assert_false(accepted_matches(NULL, "x", &names, NULL));
}

static void
errors_have_their_place(void **state)
{
	static const struct {
		const char *text;
		size_t line, column;
		const char *says;
	} cases[] = {
	    {"profil \"x\"", 1, 1, "'profil' is none of profile, function, type and name"},
	    {"\n  profile # x", 2, 14, "a glob belongs here"},
	    {"profile", 1, 8, "a glob belongs here"},
	    {"profile \"x", 1, 9, "never closed"},
	    {"profile \"\"", 1, 9, "empty glob"},
	    {"profile \"x\" or type \"y\"", 1, 13, "`and`"},
	    {"profile \"x\" and", 1, 16, "is none of"},
	    {"profile \"x\" and profile \"y\"", 1, 17, "stands twice"},
	    {"type \"x\"\ntype \"y\" z", 2, 10, "`and`"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct accepted_error error;

		assert_null(accepted_parse(cases[i].text, strlen(cases[i].text), &error));
		assert_int_equal(error.line, cases[i].line);
		assert_int_equal(error.column, cases[i].column);
		assert_non_null(strstr(error.message, cases[i].says));
	}
}

static void
zero_bytes_are_refused(void **state)
{
	struct accepted_error error;

	assert_null(accepted_parse("profile \"x\0y\"", 13, &error));
	assert_int_equal(error.line, 1);
}

static void
missing_file_is_told(void **state)
{
	struct accepted_error error;

	assert_null(accepted_read("/nonexistent/accepted", &error));
	assert_int_equal(error.line, 0);
	assert_non_null(strstr(error.message, "No such file"));
}

static void
globs_match_whole_texts(void **state)
{
	assert_true(accepted_glob_matches("*", ""));
	assert_true(accepted_glob_matches("a*b*c", "a__b_bc"));
	assert_false(accepted_glob_matches("a*b*c", "a__b_bcd"));
	assert_false(accepted_glob_matches("?", ""));
	assert_false(accepted_glob_matches("", "x"));
	assert_true(accepted_glob_matches("*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaab"));
	assert_false(accepted_glob_matches("*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_conditions_of_a_rule_must_match),
	    cmocka_unit_test(any_function_of_the_stack_may_match),
	    cmocka_unit_test(brackets_stand_for_themselves),
	    cmocka_unit_test(one_matching_rule_is_enough),
	    cmocka_unit_test(quotes_and_backslashes_can_be_written),
	    cmocka_unit_test(use_is_counted),
	    cmocka_unit_test(no_list_accepts_nothing),
	    cmocka_unit_test(errors_have_their_place),
	    cmocka_unit_test(zero_bytes_are_refused),
	    cmocka_unit_test(missing_file_is_told),
	    cmocka_unit_test(globs_match_whole_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
