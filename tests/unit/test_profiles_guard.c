/*
 * Protects: a guard refuses no header that the steps of its profile would let through to their
 * first look at a block, and refuses what a shipped profile's plain requirements refuse.
 */
#include "test_programs/random.h"
#include "tests/unit/test_profiles_sample.h"

#include <stdio.h>

enum { BYTES = 512, HEADER = 128, TRIES = 4000 };

static struct profile profile;
static struct profile_scope scope;
static uint64_t seed = RANDOM_FIRST;
static uint8_t guest[BYTES] __attribute__((aligned(64)));
static uint64_t block_size;
static bool has_asked;

static bool
find_block(void *context, uint64_t address, struct profile_block *out)
{
	has_asked = true;
	*out = (struct profile_block){address, block_size};
	return true;
}

/* Small words, mostly: fields that hold counts and flags. */
static void
fill_guest(void)
{
	for (size_t i = 0; i < BYTES; i += 8) {
		uint64_t word = random_below(&seed, 1ull << random_below(&seed, 20));
		if (random_below(&seed, 16) == 0)
			word = random_below(&seed, UINT64_MAX);
		memcpy(guest + i, &word, sizeof word);
	}
	block_size = random_below(&seed, 4) ? 8 * random_below(&seed, 100)
	                                    : 1ull << random_below(&seed, 16);
}

/* Whether the steps come to the end of the one that first asks for a block, as the header search
 * runs them. */
static bool
steps_hold(uint64_t header)
{
	struct profile_memory memory = sample_memory(guest, BYTES, find_block);
	memset(&scope, 0, sizeof scope);
	has_asked = false;
	scope.values[PROFILE_NAME_HEADER].integer = (int64_t)header;
	scope.known[PROFILE_NAME_HEADER] = 1;
	for (int i = 0; i < profile.anchor_count; i++) {
		int64_t word;
		memcpy(&word,
		       (void *)(uintptr_t)(header + (uint64_t)(int64_t)profile.anchors[i].offset),
		       sizeof word);
		scope.values[profile.anchors[i].name].integer = word;
		scope.known[profile.anchors[i].name] = 1;
	}
	for (int i = 0; i < profile.step_count && !has_asked; i++) {
		const struct profile_step *step = &profile.steps[i];
		if (step->kind == PROFILE_STEP_WALK || step->kind == PROFILE_STEP_COUNT)
			break;
		if (!profile_run_step(&profile, step, &scope, &memory))
			return false;
	}
	return true;
}

/* Returns how many headers the guard refused. */
static unsigned
check_profile(const char *text, size_t size)
{
	struct profile_memory memory = sample_memory(guest, BYTES, find_block);
	uint64_t header = (uintptr_t)guest + HEADER;
	unsigned refused = 0;
	sample_compile(&profile, text, size);
	for (int i = 0; i < TRIES; i++) {
		fill_guest();
		if (profile_may_hold(&profile, &memory, header, 0, block_size))
			continue;
		refused++;
		assert_false(steps_hold(header));
	}
	return refused;
}

static void
what_shipped_guards_refuse_their_steps_refuse(void **state)
{
	for (size_t i = 0; i < profiles_shipped_count; i++)
		check_profile(profiles_shipped[i].text, profiles_shipped[i].size);
}

/* A profile around these lines of its proof. */
static unsigned
refused_by(const char *proof)
{
	static char text[4096];
	snprintf(
	    text, sizeof text,
	    "profile x\nwake always\nlist odd 3 5 7\nanchor a at header points base\n"
	    "field f u8 at header + 8\nfield g i64 at header + 16\nfield r f32 at header + 24\n"
	    "field far u8 at a + 1\n%s\n"
	    "count 1\npart buckets in a bytes 8\nneeded 0\n",
	    proof);
	return check_profile(text, strlen(text));
}

static void
every_shape_refuses_no_more_than_its_steps(void **state)
{
	static const char *const told[] = {
	    "require f < 16",
	    "require f >= 3 && f <= 9",
	    "require g == 4",
	    "require g > 0 && f > 2",
	    "require member(odd, f)",
	    "require pow2(g) && f < 16",
	    "require size(a) == 8 * g",
	    "require (f < 16 && g < 9) && g >= 1",
	    "let x = f + 1\nrequire g > 2",
	    "require pow2(g + 1)",
	    "let x = g + 3\nrequire x > 5 && f < 9",
	    "let x = 1 << f\nrequire size(a) == 8 * x",
	    "require g == 4 * size(a)",
	    "let c = f > 9\nlet x = c ? f : g\nlet y = x + 1\nrequire y >= 4 && pow2(y)",
	};
	static const char *const silent[] = {
	    "require f < 16 || g > 2",
	    "require (f < 16) == (g < 2)",
	    "require f < 16 ? g > 2 : 1",
	    "require r > 1",
	    "require far < 2",
	    "require size(a) > 8\nrequire f < 2",
	    "require 8 * f > 3",
	    "require g > -1 && f > 2",
	    "let x = size(a)\nrequire f < 2",
	    "let x = 2 << f\nrequire x > 9",
	    "let x = r\nrequire x > 9",
	    "let c = f > 9\nlet x = c ? 3 : g\nrequire x > 9",
	    "let x = g\nlet y = 1 << x\nrequire y + x > 9",
	};
	for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
		unsigned refused = refused_by(told[i]);
		if (refused == 0)
			print_error("%s: refuses nothing\n", told[i]);
		assert_true(refused > 0);
	}
	for (size_t i = 0; i < sizeof silent / sizeof *silent; i++)
		assert_int_equal(refused_by(silent[i]), 0);
}

static void
the_size_is_that_of_the_anchor_at_hand(void **state)
{
	static const char text[] =
		"profile x\nwake always\nanchor a at header points base\n"
		"anchor b at header + 8 points base\nfield g u64 at header + 16\n"
		"require size(a) == 8 * g\ncount 1\npart buckets in a bytes 8\nneeded 0\n";
	struct profile_memory memory = sample_memory(guest, BYTES, find_block);
	uint64_t header = (uintptr_t)guest + HEADER, five = 5;
	sample_compile(&profile, text, sizeof text - 1);
	memcpy(guest + HEADER + 16, &five, sizeof five);
	assert_true(profile_may_hold(&profile, &memory, header, 0, 40));
	assert_false(profile_may_hold(&profile, &memory, header, 0, 48));
	assert_true(profile_may_hold(&profile, &memory, header, 1, 48));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_shipped_guards_refuse_their_steps_refuse),
		cmocka_unit_test(every_shape_refuses_no_more_than_its_steps),
		cmocka_unit_test(the_size_is_that_of_the_anchor_at_hand),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
