/* Threads that add and remove blocks of their own, in both planes of words, in one ledger without a
 * lock do not disturb one another. */
#include "preload/ledger/change.h"
#include "preload/ledger/ledger.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { THREADS = 8, THREAD_TURNS = 40000, THREAD_PLACES = 512 };

static void *
churn(void *number)
{
	uint64_t first = UINT64_C(0x550000000000) + (uintptr_t)number * THREAD_PLACES * 32;
	uint64_t sizes[THREAD_PLACES] = { 0 }, wrong = 0;
	uint32_t seed = (uint32_t)(uintptr_t)number + 1;

	for (uint64_t turn = 1; turn <= THREAD_TURNS; turn++) {
		uint32_t place = (seed = seed * 1103515245 + 12345) >> 8 & (THREAD_PLACES - 1);
		struct ledger_block block = { first + place * 32 + place % 2 * 8, turn, 0 }, found;
		bool full;

		if (sizes[place]) {
			wrong += !ledger_remove(block.address, &found) ||
			         found.size != sizes[place];
			sizes[place] = 0;
		} else {
			uint32_t *word = ledger_place(block.address, turn, 0);

			if (word)
				ledger_put(word, turn, 0);
			else
				wrong += ledger_add(&block, &found, &full) || full;
			sizes[place] = turn;
		}
	}
	return (void *)(uintptr_t)wrong;
}

static void
keeps_threads_apart(void **unused)
{
	pthread_t threads[THREADS];
	void *wrong;

	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, churn, (void *)i), 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_threads_apart),
	};

	change_open();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
