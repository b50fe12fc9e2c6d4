/*
 * Pairs of malloc and free, and nothing else: what one pair costs by depth of the stack, by number
 * of stacks, of live blocks and of threads. W2 and W3 of the benchmark, and all of its micro
 * benchmarks (bench/micro.py) are this program.
 *
 *     pairs [--pairs N] [--live N] [--depth D] [--paths P] [--threads T] [--sizes LOW-HIGH]
 *           [--vary]
 *
 * Each of T threads, main among them, keeps its share of the live blocks and makes its share of the
 * pairs. For every pair it walks down D frames (main is the first; libc's own come on top) along
 * the next of P paths, each a different list of functions, frees the block in a slot chosen at
 * random and puts a new one there. --vary draws the depth for each pair anew, from 4 to D. Frames
 * have different sizes and no frame pointers.
 *
 * Every block carries its slot's mark and is looked at before it is freed; at the end all are, and
 * the counts must come out. Prints the counts and the nanoseconds a pair of the loop alone: by the
 * wall clock, and of all threads' CPU time. The blocks that live are made before the clock starts.
 */
#include "test_programs/random.h"

#include <getopt.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	THREADS_MAX = 64,
	DEPTH_MIN = 4,    /* main, worker_main, worker_run, one step */
	EXACT_LEVELS = 8, /* the outermost steps spell the path's number, four functions a step */
};

static struct {
	uint64_t pairs, live, paths, low, high;
	unsigned depth, threads;
	bool is_varying;
} options = {
	.pairs = 10000000, .live = 10000, .paths = 4, .low = 16, .high = 512, .depth = 15,
	.threads = 1,
};

struct worker {
	uint64_t **slots;
	uint64_t slot_count, slot; /* the slot is that of the pair under way */
	uint64_t random;
	uint64_t pairs, made, freed;
	uint64_t path; /* number of the next */
	pthread_t thread;
};

static struct worker workers[THREADS_MAX];
static pthread_barrier_t barrier;
static struct {
	double wall_ns, cpu_ns;
} loop;

static void
release(struct worker *worker, uint64_t slot)
{
	uint64_t *block = worker->slots[slot];
	if (block == NULL)
		return;
	if (*block != slot) {
		fprintf(stderr, "pairs: block %p is not that of its slot\n", (void *)block);
		abort();
	}
	free(block);
	worker->freed++;
	worker->slots[slot] = NULL;
}

/* The innermost frame: one pair. */
static inline __attribute__((always_inline)) void
pair(struct worker *worker)
{
	uint64_t slot = worker->slot;
	release(worker, slot);
	uint64_t *block = malloc(options.low + random_below(&worker->random, options.high + 1 -
	                                                                     options.low));
	if (block == NULL) {
		fprintf(stderr, "pairs: no memory\n");
		abort();
	}
	*block = slot;
	worker->slots[slot] = block;
	worker->made++;
}

/* Four functions with frames of four sizes; each is a step of the walk, and none is a tail call. */
typedef void step_function(struct worker *worker, unsigned left, uint64_t path);
static step_function step_a, step_b, step_c, step_d;
static step_function *const steps[] = {step_a, step_b, step_c, step_d};

#define STEP(name, frame)                                                                \
	static __attribute__((noinline)) void                                            \
	name(struct worker *worker, unsigned left, uint64_t path)                        \
	{                                                                                \
		char room[frame];                                                        \
		__asm__ volatile("" : : "r"(room) : "memory");                           \
		if (left == 0)                                                           \
			pair(worker);                                                    \
		else                                                                     \
			steps[path & 3](worker, left - 1, path >> 2 | path << 62);       \
		__asm__ volatile("" : : "r"(room) : "memory");                           \
	}

STEP(step_a, 8)
STEP(step_b, 24)
STEP(step_c, 56)
STEP(step_d, 136)

/* The list of functions of a path, two bits a step: its number first, then noise. */
static uint64_t
path_steps(uint64_t number)
{
	return number | ((number * 0x9e3779b97f4a7c15u) << (2 * EXACT_LEVELS));
}

static __attribute__((noinline)) void
worker_run(struct worker *worker, uint64_t pairs, bool is_filling)
{
	unsigned below = options.depth - DEPTH_MIN;
	for (uint64_t i = 0; i < pairs; i++) {
		uint64_t path = path_steps(worker->path);
		unsigned left = below;
		if (options.is_varying)
			left = (unsigned)random_below(&worker->random, below + 1);
		worker->slot = is_filling ? i : random_below(&worker->random, worker->slot_count);
		worker->path = worker->path + 1 < options.paths ? worker->path + 1 : 0;
		steps[path & 3](worker, left, path >> 2 | path << 62);
	}
}

static double
clock_ns(clockid_t clock)
{
	struct timespec time;
	clock_gettime(clock, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* All workers go through the loop together; the first one looks at the clocks. */
static void *
worker_main(void *context)
{
	struct worker *worker = context;
	worker->slots = calloc(worker->slot_count, sizeof(*worker->slots));
	if (worker->slots == NULL)
		abort();
	worker_run(worker, worker->slot_count, true);
	pthread_barrier_wait(&barrier);
	if (worker == workers) {
		loop.wall_ns = -clock_ns(CLOCK_MONOTONIC);
		loop.cpu_ns = -clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	}
	worker_run(worker, worker->pairs, false);
	pthread_barrier_wait(&barrier);
	if (worker == workers) {
		loop.wall_ns += clock_ns(CLOCK_MONOTONIC);
		loop.cpu_ns += clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	}
	pthread_barrier_wait(&barrier);
	for (uint64_t slot = 0; slot < worker->slot_count; slot++)
		release(worker, slot);
	free(worker->slots);
	return NULL;
}

static int
run_workers(void)
{
	pthread_barrier_init(&barrier, NULL, options.threads);
	for (unsigned i = 0; i < options.threads; i++) {
		workers[i].random = RANDOM_FIRST + 977 * i;
		workers[i].slot_count = options.live / options.threads;
		workers[i].pairs = options.pairs / options.threads;
	}
	for (unsigned i = 1; i < options.threads; i++)
		if (pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]) != 0)
			return -1;
	worker_main(&workers[0]);
	for (unsigned i = 1; i < options.threads; i++)
		pthread_join(workers[i].thread, NULL);
	return 0;
}

/* Prints what was done; -1 if it is not what was asked for. */
static int
report(void)
{
	uint64_t made = 0, freed = 0;
	for (unsigned i = 0; i < options.threads; i++) {
		made += workers[i].made;
		freed += workers[i].freed;
	}
	uint64_t pairs = options.pairs / options.threads * options.threads;
	uint64_t live = options.live / options.threads * options.threads;
	printf("%llu pairs, %llu live\n", (unsigned long long)pairs, (unsigned long long)live);
	printf("wall %.2f ns a pair, CPU %.2f ns a pair\n", loop.wall_ns / (double)pairs,
	       loop.cpu_ns / (double)pairs);
	if (made == pairs + live && freed == made)
		return 0;
	fprintf(stderr, "pairs: made %llu, freed %llu\n", (unsigned long long)made,
	        (unsigned long long)freed);
	return -1;
}

/* As many paths as asked for must differ within the steps that there are. */
static bool
are_options_sound(void)
{
	if (options.depth < DEPTH_MIN || options.threads < 1 || options.threads > THREADS_MAX)
		return false;
	if (options.live < options.threads || options.low < sizeof(uint64_t))
		return false;
	unsigned steps_made = options.depth - DEPTH_MIN + 1;
	unsigned levels = steps_made < EXACT_LEVELS ? steps_made : EXACT_LEVELS;
	return options.low <= options.high && options.paths >= 1 &&
	       options.paths <= (uint64_t)1 << (2 * levels);
}

static int
read_options(int argc, char **argv)
{
	static const struct option known[] = {
		{"pairs", required_argument, NULL, 'n'},  {"live", required_argument, NULL, 'l'},
		{"depth", required_argument, NULL, 'd'},  {"paths", required_argument, NULL, 'p'},
		{"threads", required_argument, NULL, 't'}, {"sizes", required_argument, NULL, 's'},
		{"vary", no_argument, NULL, 'v'},         {0},
	};
	int option;
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		uint64_t number = optarg != NULL ? strtoull(optarg, NULL, 10) : 0;
		char *dash;
		switch (option) {
		case 'n': options.pairs = number; break;
		case 'l': options.live = number; break;
		case 'd': options.depth = (unsigned)number; break;
		case 'p': options.paths = number; break;
		case 't': options.threads = (unsigned)number; break;
		case 's':
			options.low = strtoull(optarg, &dash, 10);
			options.high = *dash == '-' ? strtoull(dash + 1, NULL, 10) : 0;
			break;
		case 'v': options.is_varying = true; break;
		default: return -1;
		}
	}
	return optind == argc && are_options_sound() ? 0 : -1;
}

int
main(int argc, char **argv)
{
	if (read_options(argc, argv) != 0) {
		fprintf(stderr, "usage: pairs [--pairs N] [--live N] [--depth D] [--paths P]\n"
		                "             [--threads T] [--sizes LOW-HIGH] [--vary]\n");
		return 2;
	}
	if (run_workers() != 0) {
		fprintf(stderr, "pairs: no thread\n");
		return 1;
	}
	return report() == 0 ? 0 : 1;
}
