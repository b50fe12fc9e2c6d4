/*
 * What the user asks for through the environment: each variable is understood, nonsense keeps the
 * default, and the trace's path is what was asked for or an error.
 */
#include "preload/process/settings.h"
#include "trace/environment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int
setup(void **unused)
{
	static struct settings first;
	static bool is_kept;

	if (!is_kept)
		first = settings;
	is_kept = true;
	settings = first;
	for (int i = 0; i < TRACE_VARIABLES; i++)
		unsetenv(trace_environment[i].name);
	setenv("MAPTRACE_QUIET", "1", 1);
	return 0;
}

static void
has_the_defaults_it_documents(void **unused)
{
	settings_read();
	assert_string_equal(settings.out, trace_environment[TRACE_VARIABLE_OUT].standard);
	assert_string_equal(settings.profiles, "");
	assert_int_equal(settings.budget_ns, 10000000000ull);
	assert_int_equal(settings.depth, 512);
	assert_true(settings.automatic);
	assert_false(settings.keep);
	assert_false(settings.check_unwind);
}

static void
reads_every_variable(void **unused)
{
	setenv("MAPTRACE_OUT", "/tmp/x", 1);
	setenv("MAPTRACE_PROFILES", "/tmp/profiles", 1);
	setenv("MAPTRACE_ONLY", "serv*", 1);
	setenv("MAPTRACE_AUTO", "0", 1);
	setenv("MAPTRACE_BUDGET", "3", 1);
	setenv("MAPTRACE_CHECK_UNWIND", "1", 1);
	setenv("MAPTRACE_DEPTH", "64", 1);
	setenv("MAPTRACE_KEEP", "1", 1);
	settings_read();
	assert_true(settings.check_unwind);
	assert_string_equal(settings.out, "/tmp/x");
	assert_string_equal(settings.profiles, "/tmp/profiles");
	assert_string_equal(settings.only, "serv*");
	assert_false(settings.automatic);
	assert_int_equal(settings.budget_ns, 3000000000ull);
	assert_int_equal(settings.depth, 64);
	assert_true(settings.keep);
	assert_true(settings.quiet);
}

static void
keeps_the_default_where_a_value_is_nonsense(void **unused)
{
	static const char *const numbers[] = { "0", "-1", "ten", "5s", "99999999999999999999999",
		".", "0.0", "1.5.5", "1.5s" };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		setenv("MAPTRACE_BUDGET", numbers[i], 1);
		setenv("MAPTRACE_DEPTH", numbers[i], 1);
		setenv("MAPTRACE_AUTO", "yes", 1);
		settings_read();
		assert_int_equal(settings.budget_ns, 10000000000ull);
		assert_int_equal(settings.depth, 512);
		assert_true(settings.automatic);
	}
}

static void
reads_a_part_of_a_second(void **unused)
{
	static const struct { const char *text; uint64_t ns;
	} budgets[] = {
		{ "0.001", 1000000 },      { ".5", 500000000 },
		{ "2.", 2000000000 },      { "1.0000000019", 1000000001 },
		{ "3600", 3600000000000 }, { "3600.1", 10000000000 },
	};

	for (size_t i = 0; i < sizeof(budgets) / sizeof(budgets[0]); i++) {
		settings.budget_ns = 10000000000ull;
		setenv("MAPTRACE_BUDGET", budgets[i].text, 1);
		settings_read();
		assert_int_equal(settings.budget_ns, budgets[i].ns);
	}
}

static void
leaves_out_a_path_that_is_too_long(void **unused)
{
	char text[TRACE_PATH_MAX + 1];

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	setenv("MAPTRACE_OUT", text, 1);
	settings_read();
	assert_string_equal(settings.out, trace_environment[TRACE_VARIABLE_OUT].standard);
}

static void
expect_path(const char *out, const char *program, const char *expected)
{
	char path[TRACE_PATH_MAX];

	setenv("MAPTRACE_OUT", out, 1);
	settings_read();
	assert_int_equal(settings_trace_path(path, sizeof(path), program), 0);
	assert_string_equal(path, expected);
}

static void
expands_pid_name_and_percent(void **unused)
{
	char expected[128];

	snprintf(expected, sizeof(expected), "/tmp/cc1plus.%d.mtr", getpid());
	expect_path("/tmp/%n.%p.mtr", "/usr/lib/gcc/cc1plus", expected);
	expect_path("/tmp/100%%", "x", "/tmp/100%");
	expect_path("/tmp/%x%", "x", "/tmp/%x%"); /* no letter of ours: as it stands */
}

static void
makes_the_path_absolute(void **unused)
{
	assert_int_equal(chdir("/usr"), 0);
	expect_path("t.mtr", "x", "/usr/t.mtr");
}

static void
gives_a_trace_in_a_folder_its_usual_name(void **unused)
{
	char expected[128];

	snprintf(expected, sizeof(expected), "/usr/maptrace.x.%d.mtr", getpid());
	expect_path("/usr", "x", expected);
	expect_path("/usr/", "x", expected);
	snprintf(expected, sizeof(expected), "/no/such/maptrace.x.%d.mtr", getpid());
	expect_path("/no/such/", "x", expected);
	expect_path("/no/such", "x", "/no/such");
}

static void
knows_a_variable_by_its_whole_name(void **unused)
{
	assert_true(trace_variable_is_unknown("MAPTRACE_OTU=x"));
	assert_true(trace_variable_is_unknown("MAPTRACE_OU=x"));
	assert_true(trace_variable_is_unknown("MAPTRACE_OUTS=x"));
	assert_true(trace_variable_is_unknown("MAPTRACE_=MAPTRACE_OUT"));
	assert_false(trace_variable_is_unknown("MAPTRACE_OUT=MAPTRACE_OTU"));
	assert_false(trace_variable_is_unknown("MAPTRACE_LIBRARY="));
	assert_false(trace_variable_is_unknown("MAPTRACES_OUT=x"));
	assert_false(trace_variable_is_unknown("PATH=MAPTRACE_OTU"));
}

static void
refuses_a_path_that_does_not_fit(void **unused)
{
	char path[16], program[64];

	memset(program, 'p', sizeof(program) - 1);
	program[sizeof(program) - 1] = '\0';
	setenv("MAPTRACE_OUT", "/tmp/%n", 1);
	settings_read();
	assert_int_equal(settings_trace_path(path, sizeof(path), program), -1);
	assert_int_equal(settings_trace_path(path, sizeof(path), "123456789"), 0);  /* 5 + 9 */
	assert_int_equal(settings_trace_path(path, sizeof(path), "1234567890"), 0); /* the last */
	assert_int_equal(settings_trace_path(path, sizeof(path), "12345678901"), -1);
}

static void
lets_only_the_named_programs_be_traced(void **unused)
{
	assert_true(settings_want("/usr/bin/anything"));
	setenv("MAPTRACE_ONLY", "c*ke-?", 1);
	settings_read();
	assert_true(settings_want("/usr/bin/cmake-3"));
	assert_true(settings_want("cakeke-x"));
	assert_false(settings_want("/usr/bin/cmake"));
	assert_false(settings_want("/cmake-3/sh"));
	assert_false(settings_want("cmake-33"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(has_the_defaults_it_documents, setup),
		cmocka_unit_test_setup(reads_every_variable, setup),
		cmocka_unit_test_setup(keeps_the_default_where_a_value_is_nonsense, setup),
		cmocka_unit_test_setup(reads_a_part_of_a_second, setup),
		cmocka_unit_test_setup(leaves_out_a_path_that_is_too_long, setup),
		cmocka_unit_test_setup(expands_pid_name_and_percent, setup),
		cmocka_unit_test_setup(makes_the_path_absolute, setup),
		cmocka_unit_test_setup(gives_a_trace_in_a_folder_its_usual_name, setup),
		cmocka_unit_test_setup(knows_a_variable_by_its_whole_name, setup),
		cmocka_unit_test_setup(refuses_a_path_that_does_not_fit, setup),
		cmocka_unit_test_setup(lets_only_the_named_programs_be_traced, setup),
	};

	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
