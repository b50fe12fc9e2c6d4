/*
 * What the tests of profiles/ share: compiling a text that has no errors, and a guest whose memory
 * is an array of the test's own.
 */
#ifndef TESTS_UNIT_TEST_PROFILES_SAMPLE_H
#define TESTS_UNIT_TEST_PROFILES_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "profiles/shipped.h"

static inline void
sample_compile(struct profile *profile, const char *text, size_t size)
{
	struct profile_error error;
	size_t count = profile_compile(profile, text, size, &error, 1);
	if (count > 0)
		print_error("%u:%u: %s\n%s\n", error.line, error.column, error.message, text);
	assert_int_equal(count, 0);
}

static inline const struct profile_source *
sample_shipped(const char *name)
{
	for (size_t i = 0; i < profiles_shipped_count; i++)
		if (strcmp(profiles_shipped[i].name, name) == 0)
			return &profiles_shipped[i];
	fail_msg("no shipped profile %s", name);
	return NULL;
}

static inline void
sample_compile_shipped(struct profile *profile, const char *name)
{
	const struct profile_source *source = sample_shipped(name);
	sample_compile(profile, source->text, source->size);
}

static inline bool
sample_read_nothing(void *context, uint64_t address, void *into, size_t size)
{
	return false;
}

/* A guest that has these bytes at their own addresses and nothing else. */
static inline struct profile_memory
sample_memory(const void *bytes, size_t size,
              bool (*block)(void *context, uint64_t address, struct profile_block *out))
{
	return (struct profile_memory){
		.read = sample_read_nothing, .block = block,
		.window_start = (uintptr_t)bytes, .window_size = size,
	};
}

#endif
