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

static struct index_value
find(const struct index *index, uint64_t key)
{
	return index_find(index, index_mix(key), key);
}

static void
add(struct index *index, uint32_t i)
{
	uint64_t key = key_of(i);

	assert_true(index_reserve(index));
	index_add(index, index_mix(key), key, (struct index_value){ i + 1, 0 });
}

static void
finds_what_was_added_and_nothing_else(void **unused)
{
	static struct index index = { .place = index_mix };

	assert_int_equal(find(&index, key_of(0)).value, 0);
	for (uint32_t i = 0; i < PAIRS; i++) {
		assert_int_equal(find(&index, key_of(i)).value, 0);
		add(&index, i);
		assert_int_equal(find(&index, key_of(i)).value, i + 1);
	}
	for (uint32_t i = 0; i < PAIRS; i++) {
		assert_int_equal(find(&index, key_of(i)).value, i + 1);
		assert_int_equal(find(&index, key_of(i) + NEAR).value, 0);
	}
}

/* Several keys that end alike at one place: it is one of them, told by its key. */
static void
guesses_by_the_end_of_a_key(void **unused)
{
	static struct index index = { .place = index_mix };
	struct index_value found;
	uint64_t key = 0;

	assert_int_equal(index_guess(&index, 7, 1, &key).value, 0);
	for (uint32_t i = 1; i <= 3; i++) {
		assert_true(index_reserve(&index));
		index_add(&index, 7, (uint64_t)i << 32 | (i == 2 ? 5 : 9),
		          (struct index_value){ i, 10 * i });
	}
	found = index_guess(&index, 7, 5, &key);
	assert_int_equal(found.value, 2);
	assert_int_equal(found.more, 20);
	assert_int_equal(key, UINT64_C(2) << 32 | 5);
	found = index_guess(&index, 7, 9, &key);
	assert_in_set(found.value, ((LargestIntegralType[]){ 1, 3 }), 2);
	assert_int_equal(key, (uint64_t)found.value << 32 | 9);
	assert_int_equal(index_guess(&index, 7, 0, &key).value, 0); /* a free entry is none */
	assert_int_equal(index_guess(&index, UINT32_MAX, 5, &key).value, 0);
}

/* Whatever is set in a table goes with its entry into the next one. */
static void
keeps_what_is_set_later(void **unused)
{
	static struct index index = { .place = index_mix };

	for (uint32_t i = 0; i < PAIRS; i++) {
		add(&index, i);
		if (i % 3)
			index_set_more(&index, index_mix(key_of(i)), key_of(i), i);
	}
	for (uint32_t i = 0; i < PAIRS; i++)
		assert_int_equal(find(&index, key_of(i)).more, i % 3 ? i : 0);
}

/* No memory to grow: it takes some more, keeps what it has, and says so before it would be full. */
static void
goes_on_without_memory(void **unused)
{
	static struct index index = { .place = index_mix };
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
		assert_int_equal(find(&index, key_of(i)).value, i + 1);
	assert_int_equal(find(&index, key_of(count)).value, 0);
	assert_true(index_reserve(&index));
}

static struct index shared = { .place = index_mix };
static uint32_t added;

static void *
read_along(void *wrong)
{
	for (uint32_t now = 0; now < PAIRS;) {
		now = __atomic_load_n(&added, __ATOMIC_ACQUIRE);
		for (uint32_t i = now > 100 ? now - 100 : 0; i < now + 100; i++) {
			uint32_t value = find(&shared, key_of(i)).value;

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
		cmocka_unit_test(guesses_by_the_end_of_a_key),
		cmocka_unit_test(keeps_what_is_set_later),
		cmocka_unit_test(goes_on_without_memory),
		cmocka_unit_test(gives_readers_the_right_value_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
