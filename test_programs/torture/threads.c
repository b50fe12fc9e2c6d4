/*
 * Threads on the smallest stack that there is, on ordinary ones, many at once, one after the other
 * on the same stack; and what their keys' destructors allocate.
 */
#include "test_programs/torture/torture.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	WAVES = 12,
	THREADS = 6,
	ROUNDS = 60,
	DEEPEST = 14,
};

static pthread_key_t key;

static void
on_end(void *value)
{
	TORTURE_FRAME;
	torture_allocate();
	if (value == (void *)2)
		pthread_setspecific(key, (void *)1);
}

TORTURE static void
descend(int left)
{
	TORTURE_FRAME;
	if (left > 0)
		descend(left - 1);
	if (left % 3 == 0)
		torture_allocate();
}

static void *
live(void *number)
{
	uint32_t seed = (uint32_t)(uintptr_t)number;
	TORTURE_FRAME;
	pthread_setspecific(key, (void *)2);
	for (int i = 0; i < ROUNDS; i++)
		descend((int)(torture_random(&seed) % DEEPEST));
	return NULL;
}

/* It ends by pthread_exit, which unwinds. */
static void *
live_and_leave(void *number)
{
	TORTURE_FRAME;
	live(number);
	torture_path = NULL;
	pthread_exit(NULL);
}

TORTURE static void
wave(uintptr_t number, size_t stack)
{
	pthread_t threads[THREADS];
	pthread_attr_t attributes;
	TORTURE_FRAME;
	pthread_attr_init(&attributes);
	if (stack && pthread_attr_setstacksize(&attributes, stack) != 0)
		abort();
	for (uintptr_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], &attributes, i % 2 ? live : live_and_leave,
		                   (void *)(number + i)) != 0)
			abort();
	torture_allocate();
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_attr_destroy(&attributes);
}

int
main(void)
{
	if (pthread_key_create(&key, on_end) != 0)
		return 2;
	for (uintptr_t i = 0; i < WAVES; i++)
		wave(i * 100, i % 2 ? (size_t)sysconf(_SC_THREAD_STACK_MIN) : 0);
	return torture_end();
}
