/*
 * Eight threads that allocate, resize and free each other's blocks. Each counts what it did, so the
 * program knows at any moment what is live: "begin" and "end" are marked with all threads at rest,
 * and what came in between is told.
 *
 *     exchange TURNS        prints "bytes blocks": live at the end
 *     exchange 0 TRUTH      works until it is killed; counts live bytes in the file TRUTH, by
 *                           thread
 *     exchange TURNS fork   forks now and then; each child frees a block and marks "child"
 *
 * A block's first word is its size, which only its owner of the moment reads; one of less than a
 * word is kept by its thread.
 */
#include "maptrace.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 8, PLACES = 512, SMALL = 32 };

static _Atomic(size_t *) places[PLACES];
static struct truth { _Alignas(64) int64_t bytes; int64_t blocks; } *truth;
static pthread_barrier_t barrier;
static long turns;
static int forks;

struct worker {
	struct truth *truth;
	uint32_t seed;
	void *small[SMALL]; /* of 1 to 8 bytes: their sizes are their places, modulo 8 */
};

static uint32_t
next_random(struct worker *worker)
{
	worker->seed = worker->seed * 1103515245 + 12345;
	return worker->seed >> 8;
}

/* The compiler must not see that nothing comes of it. */
static void
have_event(void)
{
	void *volatile block = malloc(100);

	free(block);
}

static size_t *
make(struct worker *worker, size_t *old, size_t size)
{
	size_t *block = old ? realloc(old, size) : malloc(size);

	if (!block)
		abort();
	*block = size;
	worker->truth->bytes += (int64_t)size;
	worker->truth->blocks++;
	return block;
}

static void
forget(struct worker *worker, size_t size)
{
	worker->truth->bytes -= (int64_t)size;
	worker->truth->blocks--;
}

static void
turn_small(struct worker *worker)
{
	uint32_t place = next_random(worker) % SMALL;
	size_t size = 1 + place % 8;

	if (worker->small[place]) {
		free(worker->small[place]);
		worker->small[place] = NULL;
		forget(worker, size);
		return;
	}
	worker->small[place] = malloc(size);
	worker->truth->bytes += (int64_t)size;
	worker->truth->blocks++;
}

/* Puts a new block in some place, and frees or resizes what was there. */
static void
turn_exchange(struct worker *worker)
{
	uint32_t random = next_random(worker);
	size_t size = sizeof(size_t) + (random % 1000 ? random / 1000 % 600 : 500000);
	size_t *old = atomic_exchange(&places[next_random(worker) % PLACES], NULL), *block;

	if (old)
		forget(worker, *old);
	if (old && random % 4) {
		free(old);
		old = NULL;
	}
	block = make(worker, old, size);
	old = atomic_exchange(&places[next_random(worker) % PLACES], block);
	if (!old)
		return;
	forget(worker, *old);
	free(old);
}

static void
fork_once(void)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		free(atomic_exchange(&places[0], NULL));
		have_event();
		maptrace_mark("child");
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status)
		abort();
}

static void *
work(void *number)
{
	struct worker worker = {&truth[(uintptr_t)number], (uint32_t)(uintptr_t)number + 1, {0}};

	have_event(); /* what a thread's first one makes is made */
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	for (long turn = 0; turn < turns || !turns; turn++) {
		if (turn % 3)
			turn_exchange(&worker);
		else
			turn_small(&worker);
		if (forks && number == NULL && turn % (turns / 20) == 0)
			fork_once();
	}
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return NULL;
}

static void
open_truth(const char *path)
{
	size_t size = THREADS * sizeof(*truth);
	int fd = path ? open(path, O_RDWR | O_CREAT | O_TRUNC, 0600) : -1;

	if (path && (fd < 0 || ftruncate(fd, (off_t)size)))
		abort();
	truth = mmap(NULL, size, PROT_READ | PROT_WRITE,
	             path ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, fd, 0);
	if (truth == MAP_FAILED)
		abort();
}

int
main(int count, char **arguments)
{
	pthread_t threads[THREADS];
	struct truth all = { 0, 0 };

	turns = count > 1 ? atol(arguments[1]) : 10000;
	forks = count > 2 && !strcmp(arguments[2], "fork");
	open_truth(!turns && count > 2 ? arguments[2] : NULL);
	printf("ready\n");
	fflush(stdout);
	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, work, (void *)i);
	pthread_barrier_wait(&barrier);
	maptrace_mark("begin");
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	maptrace_mark("end");
	for (int i = 0; i < THREADS; i++) {
		all.bytes += truth[i].bytes;
		all.blocks += truth[i].blocks;
	}
	printf("%lld %lld\n", (long long)all.bytes, (long long)all.blocks);
	fflush(stdout);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
