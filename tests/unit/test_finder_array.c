/* The finder's arrays: searching and sorting them. */
#include "finder/array.h"

#include "test_programs/random.h"
#include "tests/unit/test_instrument.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/resource.h>

#include <cmocka.h>

struct record { uint32_t other; uint64_t key; };

static const struct record records[] = { { 9, 0 }, { 8, 10 }, { 7, 10 }, { 6, 30 },
	{ 5, UINT64_MAX } };

static size_t
up_to(size_t count, uint64_t key)
{
	return array_up_to(records, count, sizeof *records, offsetof(struct record, key), key);
}

static size_t
below(size_t count, uint64_t key)
{
	return array_below(records, count, sizeof *records, offsetof(struct record, key), key);
}

/* The oracle: one after the other. */
static void
search_counts_as_a_pass_does(void **state)
{
	static const uint64_t keys[] = { 0, 1, 9, 10, 11, 29, 30, 31, UINT64_MAX - 1, UINT64_MAX };

	for (size_t count = 0; count <= 5; count++) {
		for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
			size_t at_most = 0, less = 0;

			for (size_t k = 0; k < count; k++) {
				at_most += records[k].key <= keys[i];
				less += records[k].key < keys[i];
			}
			assert_int_equal(up_to(count, keys[i]), at_most);
			assert_int_equal(below(count, keys[i]), less);
		}
	}
}

static void
search_of_nothing(void **state)
{
	assert_int_equal(array_up_to(NULL, 0, 8, 0, 1), 0);
	assert_int_equal(array_below(NULL, 0, 8, 0, 1), 0);
}

/* Of 12 bytes, which words of 8 do not divide. */
struct entry { uint32_t key, other, check; };

static int
compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

/* Without any more mappings, if the memory is to be short. */
static void
sort(struct array *array, bool is_short)
{
	struct rlimit before;

	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	if (is_short)
		assert_int_equal(setrlimit(RLIMIT_AS, &(struct rlimit){ 0, before.rlim_max }), 0);
	array_sort(array, sizeof(struct entry), compare_entries);
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
}

/* Whole records, each as often as before. */
static void
check_sorted(const struct array *array, uint64_t sum)
{
	const struct entry *at = array->at;

	for (size_t i = 0; i < array->count; i++) {
		assert_int_equal(at[i].check, at[i].key ^ at[i].other);
		assert_true(i == 0 || at[i - 1].key <= at[i].key);
		sum -= (uint64_t)at[i].key * at[i].key + at[i].other;
	}
	assert_int_equal(sum, 0);
}

/* Keys that ascend `run` at a time from anywhere: 1 is no order at all; `step` may be below 0. */
static void
sort_runs(size_t count, size_t run, int step, bool is_short)
{
	static uint64_t seed = RANDOM_FIRST;
	struct array array = {0};
	uint32_t key = 0;
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		struct entry *entry = array_add(&array, sizeof *entry, 1);

		assert_non_null(entry);
		key = i % run ? key + (uint32_t)step : (uint32_t)random_below(&seed, 1000000);
		*entry = (struct entry){ key, (uint32_t)i, key ^ (uint32_t)i };
		sum += (uint64_t)key * key + entry->other;
	}
	sort(&array, is_short);
	check_sorted(&array, sum);
	array_release(&array);
}

static void
sort_all(bool is_short)
{
	static const size_t runs[] = { 1, 2, 7, 100, 100000 };

	for (size_t count = 0; count < 20; count++)
		for (size_t run = 1; run < 6; run++)
			sort_runs(count, run, 1, is_short);
	for (size_t i = 0; i < sizeof runs / sizeof *runs; i++)
		for (int step = -1; step <= 1; step++)
			sort_runs(5000, runs[i], step, is_short);
}

static void
sorts_whatever_the_order(void **state)
{
	sort_all(false);
}

static void
sorts_in_place_where_memory_is_short(void **state)
{
	if (is_under("thread")) /* ends where it finds no memory for what it notes of each word */
		skip();
	sort_all(true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(search_counts_as_a_pass_does),
		cmocka_unit_test(search_of_nothing),
		cmocka_unit_test(sorts_whatever_the_order),
		cmocka_unit_test(sorts_in_place_where_memory_is_short),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
