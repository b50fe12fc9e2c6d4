/* The finder's arrays: searching them. */
#include "finder/array.h"

#include <setjmp.h>
#include <stdarg.h>

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(search_counts_as_a_pass_does),
		cmocka_unit_test(search_of_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
