/* Every pair that was added is found with its value, and no other, through all growths; by readers
 * beside the one that adds, too. */
#include "preload/stacks/index.h"
#include "tests/unit/test_instrument.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

enum { PAIRS = 50000, NEAR = 7 };

/* Pairs that differ little: as sites and the numbers of nodes do. */
static uint64_t
key_of(uint32_t i)
{
	return (uint64_t)(i / NEAR) << 32 | (i % NEAR + 1);
}

static void
add(struct index *index, uint32_t i)
{
	assert_true(index_reserve(index));
	index_add(index, key_of(i), i + 1);
}

static void
finds_what_was_added_and_nothing_else(void **unused)
{
	static struct index index;

	assert_int_equal(index_find(&index, key_of(0)), 0);
	for (uint32_t i = 0; i < PAIRS; i++) {
		assert_int_equal(index_find(&index, key_of(i)), 0);
		add(&index, i);
		assert_int_equal(index_find(&index, key_of(i)), i + 1);
	}
	for (uint32_t i = 0; i < PAIRS; i++) {
		assert_int_equal(index_find(&index, key_of(i)), i + 1);
		assert_int_equal(index_find(&index, key_of(i) + NEAR), 0);
	}
}

/* No memory to grow: it takes some more, keeps what it has, and says so before it would be full. */
static void
goes_on_without_memory(void **unused)
{
	static struct index index;
	struct rlimit before;
	uint32_t count = 0;

	if (is_under("thread")) /* ends where it finds no memory for what it notes of each word */
		skip();
	add(&index, count++);
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_AS, &(struct rlimit){ 0, before.rlim_max }), 0);
	while (index_reserve(&index) && count < PAIRS)
		add(&index, count++);
	assert_false(index_reserve(&index));
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	assert_in_range(count, 100, PAIRS - 1);
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(index_find(&index, key_of(i)), i + 1);
	assert_int_equal(index_find(&index, key_of(count)), 0);
	assert_true(index_reserve(&index));
}

static struct index shared;
static uint32_t added;

static void *
read_along(void *wrong)
{
	for (uint32_t now = 0; now < PAIRS;) {
		now = __atomic_load_n(&added, __ATOMIC_ACQUIRE);
		for (uint32_t i = now > 100 ? now - 100 : 0; i < now + 100; i++) {
			uint32_t value = index_find(&shared, key_of(i));

			/* an old table may read as empty, never as something else */
			*(bool *)wrong |= value && value != i + 1;
		}
	}
	return NULL;
}

static void
gives_readers_the_right_value_or_none(void **unused)
{
	bool wrong[2] = { false, false };
	pthread_t readers[2];

	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, read_along, &wrong[i]), 0);
	for (uint32_t i = 0; i < PAIRS; i++) {
		add(&shared, i);
		__atomic_store_n(&added, i + 1, __ATOMIC_RELEASE);
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(readers[i], NULL);
		assert_false(wrong[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_was_added_and_nothing_else),
		cmocka_unit_test(goes_on_without_memory),
		cmocka_unit_test(gives_readers_the_right_value_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
