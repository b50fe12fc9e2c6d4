/*
 * Protects: steps that run in a row do what each of them does by itself, up to the one that is not
 * true: the same names get the same values, and a requirement after a look at a block is noticed. A
 * row ends where a real can come up, and before whatever is neither a field, a let nor a
 * requirement.
 */
#include "test_programs/random.h"
#include "tests/unit/test_profiles_sample.h"

enum { BYTES = 512, HEADER = 128, TRIES = 2000 };

static struct profile profile;
static struct profile_memory memory;
static uint64_t seed = RANDOM_FIRST;
static uint8_t guest[BYTES] __attribute__((aligned(64)));

static bool
find_block(void *context, uint64_t address, struct profile_block *out)
{
	memory.told_block = true;
	*out = (struct profile_block){address, 8 * random_below(&seed, 4)};
	return address != 0;
}

static void
begin(struct profile_scope *scope)
{
	memset(scope, 0, sizeof *scope);
	memory = sample_memory(guest, BYTES, find_block);
	scope->values[PROFILE_NAME_HEADER].integer = (intptr_t)guest + HEADER;
	scope->known[PROFILE_NAME_HEADER] = 1;
	for (int i = 0; i < profile.anchor_count; i++) {
		uint16_t name = profile.anchors[i].name;
		memcpy(&scope->values[name].integer, guest + HEADER + profile.anchors[i].offset, 8);
		scope->known[name] = 1;
	}
}

/* The first step that is not true, or no matter of a row. */
static int
run(struct profile_scope *scope, bool in_rows)
{
	uint64_t blocks = seed;
	int at = 0;
	begin(scope);
	while (at < profile.step_count && profile.steps[at].kind != PROFILE_STEP_WALK) {
		const struct profile_step *step = &profile.steps[at];
		uint16_t wanted = in_rows ? profile_row(step) : 1;
		uint16_t held = in_rows ? profile_run_row(&profile, step, scope, &memory)
		                        : profile_run_step(&profile, step, scope, &memory);
		at += held;
		if (held < wanted)
			break;
	}
	seed = blocks; /* the other way is told the same blocks */
	return at;
}

/* Returns how many steps were true in all. */
static unsigned
compare_ways(const char *text, size_t size)
{
	static struct profile_scope rows, single;
	unsigned held = 0;
	sample_compile(&profile, text, size);
	for (int i = 0; i < TRIES; i++) {
		for (size_t k = 0; k < BYTES; k += 8) {
			uint64_t word = random_below(&seed, 1ull << random_below(&seed, 20));
			memcpy(guest + k, &word, sizeof word);
		}
		int steps = run(&rows, true);
		assert_int_equal(steps, run(&single, false));
		assert_int_equal(rows.is_sized, single.is_sized);
		assert_memory_equal(rows.known, single.known, sizeof rows.known);
		for (int name = 0; name < profile.name_count; name++) {
			if (!rows.known[name])
				continue;
			assert_int_equal(rows.values[name].is_real, single.values[name].is_real);
			assert_true(rows.values[name].integer == single.values[name].integer);
		}
		random_below(&seed, 2);
		held += (unsigned)steps;
	}
	return held;
}

static const char text[] =
	"profile x\nwake always\nanchor a at header points base\n"
	"field b u8 at header + 8\nfield c i8 at header + 9\nfield w u16 at header + 16\n"
	"require b < 250\nfield x i32 at header + 24\nfield f f32 at header + 32\n"
	"let sum = b + w * 3\nlet block = size(header)\nrequire block > 0 || sum < 90\n"
	"field d f64 at header + 8 * (b & 15)\nrequire w != 7 && block != 8\n"
	"require f >= 0\nlet real = f + 1\nlet half = sum / 2\nrequire half >= 0\n"
	"loop l = 1 while l < sum next 2 * l\nlet end = l\nrequire end % 5 != 0\n"
	"let far = u64[sum]\ncount 1\npart buckets in a bytes 8\nneeded 0\n";

static void
a_row_does_what_its_steps_do(void **state)
{
	unsigned held = compare_ways(text, sizeof text - 1);
	assert_in_range(held, 8 * TRIES, 20 * TRIES);
	for (size_t i = 0; i < profiles_shipped_count; i++)
		compare_ways(profiles_shipped[i].text, profiles_shipped[i].size);
}

static void
a_row_ends_where_it_has_to(void **state)
{
	static const uint8_t rows[] = {11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, /* require f */ 0, 0,
	                               2, 1, /* loop */ 0, 3, 2, 1, /* count */ 0};
	sample_compile(&profile, text, sizeof text - 1);
	assert_int_equal(profile.step_count, sizeof rows);
	for (size_t i = 0; i < sizeof rows; i++)
		assert_int_equal(profile.steps[i].row, rows[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_does_what_its_steps_do),
		cmocka_unit_test(a_row_ends_where_it_has_to),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
