/*
 * What the tests of the compiler of profiles share: a text between a least head and a least tail,
 * and the errors that it has.
 */
#ifndef TESTS_UNIT_TEST_PROFILES_TEXT_H
#define TESTS_UNIT_TEST_PROFILES_TEXT_H

#include "tests/unit/test_profiles_sample.h"

#define HEAD "profile x\nwake always\nanchor buckets at header points base\n"
#define TAIL "count 1\npart buckets in buckets bytes 8\nneeded 0\n"

static struct profile profile;
static struct profile_error errors[8];

static inline size_t
compile(const char *text)
{
	return profile_compile(&profile, text, strlen(text), errors, 8);
}

/* `text` has exactly one error, at this place, whose message holds these words. */
static inline void
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

#endif
