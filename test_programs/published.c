/*
 * Threads that allocate and free until somebody kills them, and publish what they hold in a file
 * that survives: after each event its thread's own sums. What a trace says of them can then be held
 * against the program's own word, one event of each thread aside.
 *
 *     published FILE THREADS go|wait      prints "ready"; with `wait` the threads stand still
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { THREADS_MAX = 64, PLACES = 300, SIZE_LIMIT = 2000 };

/* The file, read by the test: two words for each thread. */
static struct sums {
	_Atomic(int64_t) bytes, blocks;
} *sums;
static pthread_barrier_t all_there;
static int must_wait;

static void
publish(struct sums *own, int64_t bytes, int64_t blocks)
{
	atomic_fetch_add(&own->bytes, bytes);
	atomic_fetch_add(&own->blocks, blocks);
}

static void *
work(void *number)
{
	struct sums *own = &sums[(uintptr_t)number];
	uint32_t seed = (uint32_t)(uintptr_t)number + 1;
	static _Thread_local void *blocks[PLACES];
	static _Thread_local int sizes[PLACES];

	pthread_barrier_wait(&all_there);
	while (must_wait)
		pause();
	for (;;) {
		unsigned place = (seed = seed * 1103515245u + 12345u) >> 16 & 255;

		if (blocks[place]) {
			free(blocks[place]);
			publish(own, -sizes[place], -1);
		}
		sizes[place] = (int)((seed >> 8) % SIZE_LIMIT);
		blocks[place] = malloc((size_t)sizes[place]);
		publish(own, sizes[place], 1);
	}
	return NULL;
}

int
main(int count, char **arguments)
{
	int file = count == 4 ? open(arguments[1], O_RDWR | O_CREAT | O_TRUNC, 0600) : -1;
	unsigned threads = count == 4 ? (unsigned)atoi(arguments[2]) : 0;

	if (file < 0 || !threads || threads > THREADS_MAX || ftruncate(file, 4096))
		return 2;
	sums = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (sums == MAP_FAILED)
		return 2;
	must_wait = !strcmp(arguments[3], "wait");
	pthread_barrier_init(&all_there, NULL, threads + 1);
	for (uintptr_t i = 0; i < threads; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, work, (void *)i))
			return 2;
	}
	puts("ready");
	fflush(stdout);
	pthread_barrier_wait(&all_there);
	for (;;)
		pause();
}
