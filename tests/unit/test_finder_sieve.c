/* The sieve passes every word of its range on, wherever it stands, and stops for nothing else. */
#include "finder/sieve.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

enum { GROUPS = 4, WORDS = GROUPS * SIEVE_GROUP };

#define LOWEST 0x0000555500001000ull
#define SPAN 0x00002aaa00000123ull

static uint64_t room[WORDS + 1];

static void
fill(uint64_t *words, uint64_t word)
{
	for (size_t i = 0; i < WORDS; i++)
		words[i] = word;
}

static void
a_word_at_each_end_of_the_range_is_found_at_every_place(void **state)
{
	static const uint64_t inside[] = {LOWEST, LOWEST + 1, LOWEST + SPAN - 1};
	(void)state;
	for (size_t odd = 0; odd < 2; odd++)
		for (size_t place = 0; place < WORDS; place++)
			for (size_t i = 0; i < sizeof(inside) / sizeof(*inside); i++) {
				uint64_t *words = room + odd;
				fill(words, 0);
				words[place] = inside[i];
				assert_int_equal(sieve_next(words, 0, WORDS, LOWEST, SPAN),
				                 place / SIEVE_GROUP * SIEVE_GROUP);
			}
}

static void
words_outside_are_passed_over(void **state)
{
	static const uint64_t outside[] = {0, 1, LOWEST - 1, LOWEST + SPAN, INT64_MAX,
	                                   1ull << 63, UINT64_MAX, LOWEST | 1ull << 63};
	(void)state;
	for (size_t i = 0; i < sizeof(outside) / sizeof(*outside); i++) {
		fill(room, outside[i]);
		assert_int_equal(sieve_next(room, 0, WORDS, LOWEST, SPAN), WORDS);
	}
}

static void
nothing_is_said_of_an_incomplete_group(void **state)
{
	(void)state;
	fill(room, 0);
	room[WORDS - 1] = LOWEST;
	assert_int_equal(sieve_next(room, 0, WORDS - 1, LOWEST, SPAN), WORDS - SIEVE_GROUP);
	assert_int_equal(sieve_next(room, WORDS - 1, WORDS - 1, LOWEST, SPAN), WORDS - 1);
}

static void
the_search_goes_on_where_it_is_told(void **state)
{
	(void)state;
	fill(room, 0);
	room[0] = LOWEST;
	assert_int_equal(sieve_next(room, SIEVE_GROUP, WORDS, LOWEST, SPAN), WORDS);
}

/* Blocks at made-up addresses, as cores may hold them: the arithmetic holds for half of all. */
static void
a_range_of_more_than_half_of_all_addresses_stops_it_everywhere(void **state)
{
	(void)state;
	fill(room, UINT64_MAX);
	assert_int_equal(sieve_next(room, 0, WORDS, 0x1000, (uint64_t)INT64_MAX + 1), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_word_at_each_end_of_the_range_is_found_at_every_place),
		cmocka_unit_test(words_outside_are_passed_over),
		cmocka_unit_test(nothing_is_said_of_an_incomplete_group),
		cmocka_unit_test(the_search_goes_on_where_it_is_told),
		cmocka_unit_test(a_range_of_more_than_half_of_all_addresses_stops_it_everywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
