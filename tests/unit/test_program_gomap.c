/*
 * The Go-style map: long random sequences of operations over all kinds of types, held against a
 * reference map; growth at its two occasions; and the bytes of the article.
 */
#include "tests/unit/gomap_pair.h"

/* ---- random sequences */

static const struct {
	uint32_t key_size, value_size;
	uint8_t flags;
} kinds[] = {
    {8, 8, 0}, {8, 8, GOMAP_POINTER_VALUE}, {8, 128, 0}, {8, 129, 0}, {128, 1, 0}, {129, 8, 0},
    {200, 300, 0}, {4, 0, 0}, {5, 3, 0}, {2, 16, 0},
};
enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

/* One act on the whole map, or none. */
static void
whole_map_act(struct pair *pair)
{
	switch (pair_random(pair, 12)) {
	case 0:
		BY_MAP(gomap_clear(pair->map));
		reference_clear(pair);
		break;
	case 1:
		BY_MAP(pair->map = gomap_rebuild(pair->map));
		break;
	case 2:
	case 3:
		BY_MAP(gomap_collect(pair->map));
		break;
	}
}

/* `bias` in 100 acts insert, the others delete. */
static void
random_acts(struct pair *pair, int acts, uint32_t universe, uint32_t bias)
{
	for (int i = 0; i < acts; i++) {
		uint32_t number = pair_random(pair, universe);
		if (pair_random(pair, 100) < bias)
			pair_insert(pair, number);
		else
			pair_delete(pair, number);
		pair_lookup(pair, pair_random(pair, universe));
		check_accounting(pair);
		if (i % 97 == 0)
			check_census(pair);
	}
	check_all(pair);
}

static void
agrees_with_reference_in_random_sequences(void **state)
{
	for (int kind = 0; kind < KINDS; kind++) {
		struct pair pair;
		pair_open(&pair, kinds[kind].key_size, kinds[kind].value_size, kinds[kind].flags);
		for (int round = 0; round < 12; round++) {
			random_acts(&pair, 1500, 900, 75);
			random_acts(&pair, 1200, 900, 20);
			whole_map_act(&pair);
			check_all(&pair);
		}
		assert_true(pair.saw_doubling);
		pair_close(&pair);
	}
}

static void
every_step_of_a_growth_is_sound(void **state)
{
	struct pair pair;
	pair_open(&pair, 8, 16, 0);
	for (uint32_t number = 0; number < 450; number++) {
		pair_insert(&pair, number);
		check_all(&pair);
	}
	for (uint32_t number = 0; number < 450; number++) {
		pair_delete(&pair, number);
		check_all(&pair);
	}
	pair_close(&pair);
}

/* ---- growth */

/* From B = 4 on an array reserves a sixteenth of its buckets more, in its own block. */
static void
check_array(const struct gomap *map)
{
	static const uint64_t reserved[] = {0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256};
	struct gomap_usage usage = gomap_usage(map);
	assert_in_range(map->B, 0, 12);
	assert_int_equal(usage.buckets, map->type->bucket_size << map->B);
	assert_int_equal(usage.reserved, map->type->bucket_size * reserved[map->B]);
}

static void
doubles_above_six_and_a_half_entries_a_bucket(void **state)
{
	struct pair pair;
	pair_open(&pair, 8, 8, 0);
	assert_int_equal(gomap_capacity(pair.map), 0);
	for (uint32_t number = 0; number < 14000; number++) {
		uint64_t capacity = gomap_capacity(pair.map);
		uint8_t B = pair.map->B;
		pair_insert(&pair, number);
		bool was_full = number > 0 && number == capacity;
		assert_int_equal(pair.map->B, B + was_full);
		check_array(pair.map);
	}
	assert_int_equal(pair.map->B, 12); /* 6.5 * 2^11 = 13,312 */
	pair_close(&pair);
}

static void
grows_at_the_same_size_when_overflow_buckets_pile_up(void **state)
{
	struct pair pair;
	pair_open(&pair, 8, 8, 0);
	for (uint32_t number = 0; number < 100; number++)
		pair_insert(&pair, number);
	uint8_t B = pair.map->B;
	for (uint32_t number = 100; number < 20000; number++) {
		pair_insert(&pair, number);
		check_census(&pair);
		pair_delete(&pair, number - 100);
		check_accounting(&pair);
	}
	assert_true(pair.saw_same_size_growth);
	assert_int_equal(pair.map->B, B);
	assert_true(pair.map->noverflow <= UINT64_C(1) << B);
	check_all(&pair);
	pair_close(&pair);
}

static void
counts_overflow_approximately_from_B_16_on(void **state)
{
	struct pair pair;
	pair_open(&pair, 4, 0, 0);
	for (uint32_t number = 0; number < 220000; number++)
		BY_MAP(gomap_insert(pair.map, key_content(&pair, number), ""));
	assert_int_equal(pair.map->B, 16);
	assert_true(pair.map->overflow_used > 100);
	assert_int_equal(pair.map->noverflow, pair.map->overflow_used / 2);
	pair_close(&pair);
}

/* ---- bytes */

static void
buckets_have_the_sizes_of_go(void **state)
{
	assert_int_equal(gomap_type_of(8, 128, 0).bucket_size, 1104);
	assert_int_equal(gomap_type_of(8, 8, GOMAP_POINTER_VALUE).bucket_size, 144);
	struct gomap_type big = gomap_type_of(8, 129, 0);
	assert_int_equal(big.bucket_size, 144);
	assert_int_equal(big.flags, GOMAP_INDIRECT_VALUE);
	assert_int_equal(gomap_type_of(129, 1, 0).flags, GOMAP_INDIRECT_KEY);
}

/* The article's numbers, with pointers for values: what one array of B = 18 takes, and how many
 * overflow buckets the one before it had to chain (19,150 expected of a good hash). */
static void
holds_what_the_article_saw(void **state)
{
	struct pair pair;
	pair_open(&pair, 8, 8, GOMAP_POINTER_VALUE);
	for (int64_t key = 0; key < 1000000; key++)
		BY_MAP(gomap_insert(pair.map, &key, &key));
	struct gomap_usage usage = gomap_usage(pair.map);
	assert_int_equal(pair.map->B, 18);
	assert_int_equal(usage.buckets + usage.reserved, 40108032);
	assert_int_equal(usage.chained + usage.old, 0);
	uint64_t before = UINT64_C(144) * (131072 + 8192);
	assert_in_range((usage.superseded - before) / 144, 18500, 19900);
	for (int64_t key = 0; key < 1000000; key++)
		BY_MAP(gomap_delete(pair.map, &key));
	BY_MAP(gomap_collect(pair.map));
	usage = gomap_usage(pair.map);
	assert_int_equal(usage.buckets + usage.reserved, 40108032);
	assert_int_equal(gomap_usage_total(&usage) - usage.header, 40108032);
	check_accounting(&pair);
	check_census(&pair);
	pair_close(&pair);
}

/* ---- the whole map */

static void
superseded_arrays_wait_for_collect_or_the_next_growth(void **state)
{
	struct pair pair;
	pair_open(&pair, 8, 8, 0);
	uint64_t most = 0;
	for (uint32_t number = 0; number < 5000; number++) {
		pair_insert(&pair, number);
		struct gomap_usage usage = gomap_usage(pair.map);
		if (pair.map->oldbuckets != NULL)
			assert_int_equal(usage.superseded, 0);
		most = usage.superseded > most ? usage.superseded : most;
	}
	struct gomap_usage usage = gomap_usage(pair.map);
	assert_int_equal(usage.superseded, most);
	assert_true(most >= 144 * (512 + 32));
	BY_MAP(gomap_collect(pair.map));
	assert_int_equal(gomap_usage(pair.map).superseded, 0);
	check_all(&pair);
	pair_close(&pair);
}

static void
clear_keeps_the_array_and_can_be_repeated(void **state)
{
	struct pair pair;
	pair_open(&pair, 8, 129, 0);
	for (int round = 0; round < 3; round++) {
		for (uint32_t number = 0; number < 420; number++)
			pair_insert(&pair, number + 1000 * (uint32_t)round);
		struct gomap_usage before = gomap_usage(pair.map);
		BY_MAP(gomap_clear(pair.map));
		reference_clear(&pair);
		struct gomap_usage after = gomap_usage(pair.map);
		assert_int_equal(after.buckets, before.buckets);
		assert_int_equal(after.indirect, 0);
		assert_int_equal(after.chained + after.old, 0);
		check_all(&pair);
	}
	pair_close(&pair);
}

static void
rebuild_holds_what_fresh_insertions_would(void **state)
{
	for (uint32_t left = 0; left < 1000; left += left < 20 ? 1 : 61) {
		struct pair pair, fresh;
		pair_open(&fresh, 8, 129, 0);
		for (uint32_t number = 0; number < left; number++)
			pair_insert(&fresh, number);
		struct gomap_usage wanted = gomap_usage(fresh.map);
		pair_close(&fresh);

		pair_open(&pair, 8, 129, 0);
		for (uint32_t number = 0; number < 3000; number++)
			pair_insert(&pair, number);
		for (uint32_t number = left; number < 3000; number++)
			pair_delete(&pair, number);
		BY_MAP(pair.map = gomap_rebuild(pair.map));
		struct gomap_usage got = gomap_usage(pair.map);
		assert_int_equal(got.buckets, wanted.buckets);
		assert_int_equal(got.reserved, wanted.reserved);
		assert_int_equal(got.indirect, wanted.indirect);
		assert_int_equal(got.superseded, 0);
		check_all(&pair);
		pair_close(&pair);
	}
}

static void
an_untouched_map_has_no_array(void **state)
{
	struct pair pair;
	pair_open(&pair, 8, 8, 0);
	pair_lookup(&pair, 1);
	pair_delete(&pair, 1);
	BY_MAP(gomap_clear(pair.map));
	BY_MAP(gomap_collect(pair.map));
	BY_MAP(pair.map = gomap_rebuild(pair.map));
	check_all(&pair);
	assert_int_equal(map_bytes, sizeof(struct gomap));
	pair_close(&pair);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(agrees_with_reference_in_random_sequences),
	    cmocka_unit_test(every_step_of_a_growth_is_sound),
	    cmocka_unit_test(doubles_above_six_and_a_half_entries_a_bucket),
	    cmocka_unit_test(grows_at_the_same_size_when_overflow_buckets_pile_up),
	    cmocka_unit_test(counts_overflow_approximately_from_B_16_on),
	    cmocka_unit_test(buckets_have_the_sizes_of_go),
	    cmocka_unit_test(holds_what_the_article_saw),
	    cmocka_unit_test(superseded_arrays_wait_for_collect_or_the_next_growth),
	    cmocka_unit_test(clear_keeps_the_array_and_can_be_repeated),
	    cmocka_unit_test(rebuild_holds_what_fresh_insertions_would),
	    cmocka_unit_test(an_untouched_map_has_no_array),
	};
	if (__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) == 0)
		return 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
