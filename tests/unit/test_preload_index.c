/* Every pair that was added is found with its value, and no other, through all growths; by readers
 * beside the one that adds, too. */
#include "preload/index.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PAIRS = 50000, NEAR = 7 };

/* Pairs that differ little: as return addresses and the numbers of nodes do. */
static uint64_t
a_of(uint32_t i)
{
	return 0x7f0000001000 + i / NEAR * 4;
}

static uint32_t
find(const struct index *index, uint64_t a, uint32_t b)
{
	return index_find(index, index_mix(a, b), a, b);
}

static void
add(struct index *index, uint32_t i)
{
	index_add(index, a_of(i), i % NEAR, i + 1);
}

static void
finds_what_was_added_and_nothing_else(void **unused)
{
	static struct index index = { .place = index_mix };

	assert_int_equal(find(&index, a_of(0), 0), 0);
	for (uint32_t i = 0; i < PAIRS; i++) {
		assert_int_equal(find(&index, a_of(i), i % NEAR), 0);
		add(&index, i);
		assert_int_equal(find(&index, a_of(i), i % NEAR), i + 1);
	}
	for (uint32_t i = 0; i < PAIRS; i++) {
		assert_int_equal(find(&index, a_of(i), i % NEAR), i + 1);
		assert_int_equal(find(&index, a_of(i) + 1, i % NEAR), 0);
		assert_int_equal(find(&index, a_of(i), NEAR), 0);
	}
}

static struct index shared = { .place = index_mix };
static uint32_t added;

static void *
read_along(void *wrong)
{
	for (uint32_t now = 0; now < PAIRS;) {
		now = __atomic_load_n(&added, __ATOMIC_ACQUIRE);
		for (uint32_t i = now > 100 ? now - 100 : 0; i < now + 100; i++) {
			uint32_t value = find(&shared, a_of(i), i % NEAR);

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
		cmocka_unit_test(gives_readers_the_right_value_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
