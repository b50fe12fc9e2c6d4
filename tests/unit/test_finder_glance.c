/*
 * Protects: a glance rules out no header that its profile's guard lets through, whatever the fields
 * hold, and rules out nearly all that the guard refuses; one that does not know the block's size
 * rules out none for it. Its first test alone rules out no more than all of them.
 */
#include "finder/glance.h"
#include "test_programs/random.h"
#include "tests/unit/test_profiles_sample.h"

#include <stdio.h>

enum { BYTES = 4 * GLANCE_REACH, WORD = 2 * GLANCE_REACH, TRIES = 4000 };

static struct profile profile;
static uint64_t seed = RANDOM_FIRST;
static uint8_t guest[BYTES] __attribute__((aligned(64)));

/* Small words, mostly: fields that hold counts and flags. */
static void
fill_guest(void)
{
	for (size_t i = WORD - 128; i < WORD + 128; i += 8) {
		uint64_t word = random_below(&seed, 1ull << random_below(&seed, 20));
		if (random_below(&seed, 16) == 0)
			word = random_below(&seed, UINT64_MAX);
		if (random_below(&seed, 16) == 0)
			word = UINT64_MAX - random_below(&seed, 3);
		memcpy(guest + i, &word, sizeof word);
	}
}

static bool
find_no_block(void *context, uint64_t address, struct profile_block *out)
{
	(void)context;
	(void)address;
	(void)out;
	return false;
}

struct verdicts {
	unsigned guard, glance, blind, first; /* headers that each refused */
};

static struct verdicts
try_anchor(uint8_t number)
{
	struct profile_memory memory = sample_memory(guest, BYTES, find_no_block);
	uintptr_t word = (uintptr_t)guest + WORD;
	uint64_t header = word - (uint64_t)(int64_t)profile.anchors[number].offset;
	struct verdicts refused = {0};
	struct glance glance;
	glance_compile(&glance, &profile, number);
	for (int i = 0; i < TRIES; i++) {
		fill_guest();
		uint64_t size = random_below(&seed, 4) ? 8 * random_below(&seed, 100)
		                                       : 1ull << random_below(&seed, 16);
		bool may_hold = profile_may_hold(&profile, &memory, header, number, size);
		bool passes = glance_holds(&glance, word, size);
		bool passes_blindly = glance_holds(&glance, word, GLANCE_ANY_SIZE);
		assert_true(passes || !may_hold);
		struct glance_first first;
		bool is_out = glance_first(&glance, size, &first) &&
		              !glance_first_passes(&first, word);
		bool is_out_blindly = glance_first(&glance, GLANCE_ANY_SIZE, &first) &&
		                      !glance_first_passes(&first, word);
		assert_true(!passes || !is_out);
		assert_true(!passes_blindly || !is_out_blindly);
		refused.first += is_out;
		assert_true(passes_blindly || !passes);
		refused.guard += !may_hold;
		refused.glance += !passes;
		refused.blind += !passes_blindly;
	}
	return refused;
}

static void
what_a_shipped_guard_lets_through_passes(void **state)
{
	for (size_t i = 0; i < profiles_shipped_count; i++) {
		sample_compile(&profile, profiles_shipped[i].text, profiles_shipped[i].size);
		for (uint8_t anchor = 0; anchor < profile.anchor_count; anchor++) {
			struct verdicts refused = try_anchor(anchor);
			assert_true(refused.glance <= refused.guard);
			assert_true(10 * refused.glance >= 9 * refused.guard);
		}
	}
}

/* Of a profile with this line of its proof. */
static struct verdicts
refused_by(const char *proof)
{
	static char text[4096];
	snprintf(text, sizeof text,
	         "profile x\nwake always\nlist odd 3 5 7\nanchor a at header + 32 points base\n"
	         "field f u8 at header + 8\nfield g i64 at header + 16\n"
	         "field h i16 at header + 26\nfield far u8 at header + 9000\n%s\n"
	         "count 1\npart buckets in a bytes 8\nneeded 0\n", proof);
	sample_compile(&profile, text, strlen(text));
	return try_anchor(0);
}

static void
every_shape_that_can_be_told_is(void **state)
{
	static const char *const exact[] = {
		"require f < 16", "require g == 4", "require h > 0 && h < 99",
		"require pow2(g + 1)", "require pow2(g) && g >= 8", "require g > 3 && f > 2",
		"let c = f > 9\nlet x = c ? g : a\nlet y = x + 1\nrequire y >= 4 && pow2(y)",
	};
	static const char *const sized[] = {
		"require size(a) == 8 * g", "require g == 4 * size(a)", "require size(a) == 2 * h",
	};
	static const char *const left_out[] = {
		"require far < 2", "let x = 1 << f\nrequire x > 9",
		"let c = f > 9\nlet x = c ? f : g\nrequire x > 9",
		"require member(odd, g) || f > 2",
	};
	for (size_t i = 0; i < sizeof exact / sizeof *exact; i++) {
		struct verdicts refused = refused_by(exact[i]);
		assert_in_range(refused.guard, 1, TRIES - 1);
		assert_int_equal(refused.glance, refused.guard);
		assert_int_equal(refused.blind, refused.guard);
	}
	for (size_t i = 0; i < sizeof sized / sizeof *sized; i++) {
		struct verdicts refused = refused_by(sized[i]);
		assert_in_range(refused.guard, 1, TRIES - 1);
		assert_int_equal(refused.glance, refused.guard);
		assert_int_equal(refused.first, refused.guard);
		assert_int_equal(refused.blind, 0);
	}
	for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
		assert_int_equal(refused_by(left_out[i]).glance, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_shipped_guard_lets_through_passes),
		cmocka_unit_test(every_shape_that_can_be_told_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
