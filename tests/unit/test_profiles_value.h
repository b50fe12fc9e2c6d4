/*
 * What the tests of evaluation share: one expression in a least profile, its value, and a guest of
 * one block.
 */
#ifndef TESTS_UNIT_TEST_PROFILES_VALUE_H
#define TESTS_UNIT_TEST_PROFILES_VALUE_H

#include "tests/unit/test_profiles_sample.h"

#include <stdio.h>

#define HEAD "profile x\nwake always\nlist primes 2 3 5 7 11\nlist one 4\n" \
	"anchor buckets at header points base\n"
#define WALKS "walk w table {\nat buckets\ncount 8\nstride 8\nlive 1\n}\n" \
	"walk v table {\nat buckets\ncount 4\nstride 8\nlive 1\n}\n" \
	"walk l chain {\nfrom header\nnext 0\nhash u32[node]\n}\n"
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

static inline bool
read_bytes(void *context, uint64_t address, void *into, size_t size)
{
	if (address < 4096 || size > sizeof bytes || address - 4096 > sizeof bytes - size)
		return false;
	memcpy(into, bytes + (address - 4096), size);
	return true;
}

static inline bool
find_block(void *context, uint64_t address, struct profile_block *out)
{
	*out = (struct profile_block){4096, sizeof bytes};
	return address >= 4096 && address < 4096 + sizeof bytes;
}

static const struct profile_memory memory = {.read = read_bytes, .block = find_block};

static inline void
compile(const char *expression)
{
	static char text[4096];
	snprintf(text, sizeof text, HEAD WALKS "let a = %s\n" TAIL, expression);
	sample_compile(&profile, text, strlen(text));
}

/* Evaluates the let behind the walks, in both ways if it is whole. */
static inline bool
evaluates(const char *expression, struct profile_value *value)
{
	struct profile_value whole;
	compile(expression);
	struct profile_expression let = profile.steps[3].value;
	bool has = profile_evaluate(&profile, let, &scope, &memory, &whole);
	let.is_whole = false;
	bool has_value = profile_evaluate(&profile, let, &scope, &memory, value);
	assert_int_equal(has, has_value);
	assert_true(!has || whole.is_real == value->is_real);
	assert_true(!has || whole.integer == value->integer);
	return has;
}

static inline void
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

static inline void
expect_real(const char *expression, double wanted)
{
	struct profile_value value;
	assert_true(evaluates(expression, &value));
	assert_true(value.is_real);
	assert_true(value.real == wanted);
}

static inline void
expect_failure(const char *expression)
{
	struct profile_value value;
	bool is_sound = evaluates(expression, &value);
	if (is_sound)
		print_error("%s has a value\n", expression);
	assert_false(is_sound);
}

static inline int
setup(void **state)
{
	memset(&scope, 0, sizeof scope);
	scope.known[PROFILE_NAME_HEADER] = true;
	scope.values[PROFILE_NAME_HEADER].integer = 4096;
	return 0;
}

#endif
