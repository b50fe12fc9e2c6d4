/*
 * Protects: an expression of a walk that was bound says at every bucket, cell and node what
 * evaluating it says, one by one and many at once; and expressions that cells are told by do take
 * the short way.
 */
#include "profiles/bound.h"
#include "test_programs/random.h"
#include "tests/unit/test_profiles_sample.h"

#include <stdio.h>

enum { BYTES = 4096, CELLS = 64, TRIES = 400 };

static struct profile profile;
static struct profile_scope scope;
static uint64_t seed = RANDOM_FIRST;
static uint8_t guest[BYTES] __attribute__((aligned(64)));

static bool
find_block(void *context, uint64_t address, struct profile_block *out)
{
	*out = (struct profile_block){(uintptr_t)guest, BYTES};
	return address - (uintptr_t)guest < BYTES;
}

static void
compile(const char *expression)
{
	static char text[4096];
	snprintf(text, sizeof text,
	         "profile x\nwake always\nanchor a at header points base\n"
	         "let zero = 0\nlet two = 2\nlet wide = 24\nlet half = 0.5\nlet there = header\n"
	         "walk w table {\nat a\ncount 8\nstride 16\ncells 8\nlive %s\n}\n"
	         "count 1\npart buckets in a bytes 8\nneeded 0\n", expression);
	sample_compile(&profile, text, strlen(text));
}

static void
set(uint16_t name, uint64_t value)
{
	scope.values[name] = (struct profile_value){.integer = (int64_t)value};
	scope.known[name] = 1;
}

/* Names as they are before a walk, over a guest of random bytes. */
static void
begin(void)
{
	struct profile_memory memory = sample_memory(guest, BYTES, find_block);
	memset(&scope, 0, sizeof scope);
	for (size_t i = 0; i < BYTES; i++)
		guest[i] = (uint8_t)random_below(&seed, random_below(&seed, 2) ? 256 : 3);
	set(PROFILE_NAME_HEADER, (uintptr_t)guest);
	set(profile.anchors[0].name, (uintptr_t)guest);
	for (int i = 0; i < profile.step_count && profile.steps[i].kind != PROFILE_STEP_WALK; i++)
		assert_true(profile_run_step(&profile, &profile.steps[i], &scope, &memory));
}

static void
compare(const char *expression, const struct profile_bound *bound)
{
	struct profile_memory memory = sample_memory(guest, BYTES, find_block);
	uint64_t wanted = 0, got = 0;
	bool has = profile_evaluate_unsigned(&profile, profile.walks[0].live, &scope, &memory,
	                                     &wanted);
	bool gives = profile_bound_value(&profile, bound, &scope, &memory, &got);
	if (has != gives || (has && wanted != got))
		print_error("%s: %d %llu, bound %d %llu\n", expression, has,
		            (unsigned long long)wanted, gives, (unsigned long long)got);
	assert_true(has == gives);
	assert_true(!has || wanted == got);
}

/* Buckets inside of the guest, at its ends, and nowhere. */
static uint64_t
random_bucket(void)
{
	static const uint64_t strange[] = {0, 8, 1ull << 47, 1ull << 62, INT64_MAX, UINT64_MAX};
	if (random_below(&seed, 8) == 0)
		return strange[random_below(&seed, sizeof strange / sizeof *strange)];
	return (uintptr_t)guest + random_below(&seed, BYTES + 16) - 8;
}

static const char *const shapes[] = {
    /* those that come out as one read, or less */
    "u8[bucket + cell] >= 5",
    "u8[bucket + cell] == 1",
    "u8[bucket + cell] != 2",
    "u8[bucket + cell] < two",
    "u8[bucket + cell] <= 2",
    "u8[bucket + cell] > 1",
    "(u8[bucket + cell] & 128) == 0",
    "(u8[bucket + cell] & 511) >= wide",
    "u8[bucket + cell] < zero",
    "u8[bucket + cell] > 255",
    "u8[bucket + cell] >= zero - 1",
    "u8[bucket + cell] <= 300",
    "u8[bucket + cell] == 256",
    "u8[bucket + cell] != zero - 1",
    "i8[bucket + cell] < zero",
    "u32[bucket] >= 2",
    "ptr[bucket] == there",
    "ptr[bucket] != 0",
    "u64[bucket + two * 4]",
    "two & 1 ? ptr[bucket + 8 + cell * wide] : 0",
    "two & 2 ? ptr[bucket + 8 + 8 * wide + cell * two] : 0",
    "u16[bucket + 16 * cell - 8] > 300",
    "ptr[there + 8 * index]",
    "u8[there + index] <= 127",
    "(u8[there + index] & 128) == 0",
    "i32[bucket + index * 4 + cell] != -1",
    "zero ? 1 / zero : i16[bucket] > two",
    "two > 1 || u8[bucket]",
    "two > 1 && u8[bucket] > 1",
    "zero && u8[bucket]",
    "bucket + 8",
    "u32[there + 4]",
    "u8[bucket] & 15",
    "1",
    "zero - 1",
};

static const char *const others[] = {
    /* that have to be asked */
    "u8[bucket] > 1 && u8[bucket + 1] > 1",
    "ptr[ptr[bucket]]",
    "5 <= u8[bucket]",
    "f32[bucket] > half",
    "size(bucket) > 3",
    "u8[bucket] + u8[bucket + 1]",
    "bucket * 2",
    "bucket + bucket",
    "u8[bucket + cell] / zero",
    "half",
    "u8[bucket] ? 1 : 2",
    "(u8[bucket] > 1) + 1",
    "u8[bucket + (1 << 62)] == 0",
    "u8[bucket + cell * cell] == 0",
};

static void
check_values(const char *expression, struct profile_bound *bound)
{
	struct profile_memory memory = sample_memory(guest, BYTES, find_block);
	compile(expression);
	begin();
	profile_bind(&profile, profile.walks[0].live, &scope, &memory, bound);
	compare(expression, bound); /* before any bucket has a name */
	for (int i = 0; i < TRIES; i++) {
		set(PROFILE_NAME_BUCKET, random_bucket());
		set(PROFILE_NAME_INDEX,
		    random_below(&seed, random_below(&seed, 8) ? BYTES / 8 : UINT64_MAX));
		set(PROFILE_NAME_CELL,
		    random_below(&seed, random_below(&seed, 8) ? 16 : UINT64_MAX));
		compare(expression, bound);
	}
}

static void
bound_values_are_evaluated_ones(void **state)
{
	struct profile_bound bound;
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		check_values(shapes[i], &bound);
		if (bound.kind == PROFILE_BOUND_ASKED)
			print_error("%s: is asked\n", shapes[i]);
		assert_int_not_equal(bound.kind, PROFILE_BOUND_ASKED);
	}
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		check_values(others[i], &bound);
}

/* The mask, bit by bit, beside evaluation. */
static void
check_mask(const char *expression, const struct profile_bound *bound, uint64_t bucket,
           uint64_t index, uint64_t stride, unsigned count)
{
	struct profile_memory memory = sample_memory(guest, BYTES, find_block);
	uint64_t mask, value;
	set(PROFILE_NAME_BUCKET, bucket);
	set(PROFILE_NAME_INDEX, index);
	set(PROFILE_NAME_CELL, 0);
	if (!profile_bound_mask(bound, &scope, &memory, stride, count, &mask))
		return;
	for (unsigned i = 0; i < count; i++) {
		set(PROFILE_NAME_BUCKET, bucket + i * stride);
		set(PROFILE_NAME_INDEX, index + (stride ? i : 0));
		set(PROFILE_NAME_CELL, stride ? 0 : i);
		assert_true(profile_evaluate_unsigned(&profile, profile.walks[0].live, &scope,
		                                      &memory, &value));
		if ((mask >> i & 1) != (value != 0))
			print_error("%s: cell %u of %u, stride %u\n", expression, i, count,
			            (unsigned)stride);
		assert_int_equal(mask >> i & 1, value != 0);
	}
	assert_true(count == 64 || mask >> count == 0);
}

static void
masks_are_the_values_of_many_cells(void **state)
{
	struct profile_memory memory = sample_memory(guest, BYTES, find_block);
	struct profile_bound bound;
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		compile(shapes[i]);
		begin();
		profile_bind(&profile, profile.walks[0].live, &scope, &memory, &bound);
		for (int t = 0; t < TRIES; t++) {
			static const uint64_t strides[] = {0, 1, 4, 8, 16, 40};
			check_mask(shapes[i], &bound, random_bucket(),
			           random_below(&seed, BYTES / 8), strides[random_below(&seed, 6)],
			           1 + (unsigned)random_below(&seed, CELLS));
		}
	}
}

static void
cells_told_by_one_byte_are_asked_together(void **state)
{
	struct profile_memory memory = sample_memory(guest, BYTES, find_block);
	struct profile_bound bound;
	uint64_t mask;
	compile("u8[bucket + cell] >= 5");
	begin();
	memset(guest, 4, 64);
	guest[0] = guest[63] = 5;
	profile_bind(&profile, profile.walks[0].live, &scope, &memory, &bound);
	set(PROFILE_NAME_BUCKET, (uintptr_t)guest);
	set(PROFILE_NAME_CELL, 0);
	assert_true(profile_bound_mask(&bound, &scope, &memory, 0, 64, &mask));
	assert_true(mask == (1ull << 63 | 1));
}

static void
an_absent_expression_is_false_for_all(void **state)
{
	struct profile_memory memory = sample_memory(guest, BYTES, find_block);
	struct profile_bound bound;
	uint64_t mask = 1;
	compile("1");
	begin();
	profile_bind(&profile, profile.walks[0].dead, &scope, &memory, &bound);
	assert_int_equal(bound.kind, PROFILE_BOUND_ABSENT);
	assert_true(profile_bound_mask(&bound, &scope, &memory, 0, 8, &mask));
	assert_int_equal(mask, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bound_values_are_evaluated_ones),
		cmocka_unit_test(masks_are_the_values_of_many_cells),
		cmocka_unit_test(cells_told_by_one_byte_are_asked_together),
		cmocka_unit_test(an_absent_expression_is_false_for_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
