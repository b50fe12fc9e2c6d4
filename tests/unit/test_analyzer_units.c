/* Sizes, numbers and times as people read and write them; text that may reach a terminal. */
#include "analyzer/units.h"
#include "trace/format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
bytes_are_exact_below_a_kib_and_binary_above(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
	    {0, "0 B"},
	    {1023, "1023 B"},
	    {1024, "1.00 KiB"},
	    {1048575, "1.00 MiB"},
	    {307494912, "293.25 MiB"},
	    {40108032, "38.25 MiB"},
	    {UINT64_C(1) << 40, "1.00 TiB"},
	    {UINT64_MAX - 1, "16.00 EiB"},
	    {TRACE_UNKNOWN, "?"},
	};
	char text[UNITS_SIZE];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(units_bytes(text, cases[i].bytes), cases[i].text);
}

static void
numbers_have_thousands_apart(void **state)
{
	char text[UNITS_SIZE];

	assert_string_equal(units_number(text, 0), "0");
	assert_string_equal(units_number(text, 999), "999");
	assert_string_equal(units_number(text, 1000), "1,000");
	assert_string_equal(units_number(text, 1703936), "1,703,936");
	assert_string_equal(units_number(text, UINT64_MAX - 1), "18,446,744,073,709,551,614");
	assert_string_equal(units_number(text, TRACE_UNKNOWN), "?");
}

static void
durations_choose_their_unit(void **state)
{
	char text[UNITS_SIZE];

	assert_string_equal(units_duration(text, 1500), "1 us");
	assert_string_equal(units_duration(text, 3000000), "3 ms");
	assert_string_equal(units_duration(text, 1250000000), "1.25 s");
	assert_string_equal(units_duration(text, UINT64_C(125) * 1000000000), "2 min 5 s");
	assert_string_equal(units_duration(text, UINT64_C(3780) * 1000000000), "1 h 3 min");
}

static void
sizes_are_read_in_every_usual_form(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} cases[] = {
	    {"0", 0},
	    {"4096", 4096},
	    {"16M", 16 << 20},
	    {"16m", 16 << 20},
	    {"1.5GiB", 1610612736},
	    {"64 KiB", 65536},
	    {"64kb", 65536},
	    {"2T", UINT64_C(2) << 40},
	    {"7 B", 7},
	    {"18446744073709551614", UINT64_MAX - 1},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t bytes = 1;

		assert_int_equal(units_parse_bytes(cases[i].text, &bytes), 0);
		assert_true(bytes == cases[i].bytes);
	}
}

static void
what_is_no_size_is_refused(void **state)
{
	static const char *const cases[] = {
	    "",
	    " ",
	    "-1",
	    "+1",
	    "M",
	    "16X",
	    "16MM",
	    "16MiBs",
	    "1.5",
	    "1.",
	    ".5M",
	    "0x10",
	    "1e3",
	    "1,000",
	    "16 M 2",
	    "18446744073709551615",
	    "18446744073709551616",
	    "99999999999999T",
	    "16E",
	    "inf",
	    "nan",
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t bytes = 77;

		assert_int_equal(units_parse_bytes(cases[i], &bytes), -1);
		assert_int_equal(bytes, 77);
	}
}

static void
control_characters_never_reach_the_terminal(void **state)
{
	char text[64], small[8];

	assert_string_equal(units_escape(text, sizeof text, "plain"), "plain");
	assert_string_equal(units_escape(text, sizeof text, "a\033[2Jb\n"), "a\\x1b[2Jb\\x0a");
	assert_string_equal(units_escape(text, sizeof text, "caf\xc3\xa9"), "caf\xc3\xa9");
	assert_string_equal(units_escape(text, sizeof text, "\xc3(\x9b"), "\\xc3(\\x9b");
	assert_string_equal(units_escape(text, sizeof text, "\xc2\x9b"), "\\xc2\\x9b");
	assert_string_equal(units_escape(text, sizeof text, "\xe2\x80\xae"), "\\xe2\\x80\\xae");
	assert_string_equal(units_escape(text, sizeof text, "\xed\xa0\x80"), "\\xed\\xa0\\x80");
	assert_string_equal(units_escape(small, sizeof small, "abcdefghij"), "abcdefg");
	assert_string_equal(units_escape(small, sizeof small, "abcde\n"), "abcde");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bytes_are_exact_below_a_kib_and_binary_above),
	    cmocka_unit_test(numbers_have_thousands_apart),
	    cmocka_unit_test(durations_choose_their_unit),
	    cmocka_unit_test(sizes_are_read_in_every_usual_form),
	    cmocka_unit_test(what_is_no_size_is_refused),
	    cmocka_unit_test(control_characters_never_reach_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
