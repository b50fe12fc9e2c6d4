/*
 * What one snapshot's search costs, by the finder alone, on guests that are hard for it. For people
 * who work on finder/:
 *
 *     cc -O2 -g -std=gnu11 -D_GNU_SOURCE -I. -o /tmp/finder_bench bench/finder_bench.c \
 *         finder/[a-z]*.c profiles/[a-z]*.c build/profiles/shipped.c
 *     /tmp/finder_bench many|chain|small|go [N] [RUNS]
 *
 * many   N blocks of 40 bytes, each pointing at another one at random (10M)
 * chain  a std::unordered_map of N nodes with a sound list (1M)
 * small  N blocks of 128 bytes, the array that points at them, nothing else (1M)
 * go     a Go-style array for N entries, inline (1M)
 *
 * Each run is a forked child, as in a snapshot. Prints the CPU time of a search: the median, then the least and the most.
 */
#include "finder/finder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUNS_MAX = 99, PROFILES_MAX = 16, PAGE = 4096 };

static struct {
	struct finder_block *blocks;
	size_t count, room;
	const struct profile *profiles[PROFILES_MAX];
	uint32_t ids[PROFILES_MAX];
	struct memory_range hidden[1 + PROFILES_MAX];
	size_t profile_count;
} guest;

static double
cpu_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Memory that the search does not see. */
static void *
map_hidden(size_t place, size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	guest.hidden[place] = (struct memory_range){
		(uintptr_t)at, ((uintptr_t)at + size + PAGE - 1) & ~(uint64_t)(PAGE - 1),
	};
	return at;
}

static void *
allocate(size_t size)
{
	void *at = calloc(1, size);
	if (at == NULL || guest.count == guest.room) {
		fprintf(stderr, "no memory for the guest\n");
		exit(1);
	}
	guest.blocks[guest.count++] = (struct finder_block){.base = (uintptr_t)at, .size = size};
	return at;
}

static uint64_t
random_below(uint64_t bound)
{
	static uint64_t state = 88172645463325252u;
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % bound;
}

/* The ledger hands its blocks over in no order. */
static void
shuffle(void)
{
	for (size_t i = guest.count; i > 1; i--) {
		size_t other = random_below(i);
		struct finder_block swap = guest.blocks[i - 1];
		guest.blocks[i - 1] = guest.blocks[other];
		guest.blocks[other] = swap;
	}
}

static void
make_many(size_t n)
{
	for (size_t i = 0; i < n; i++)
		allocate(40);
	for (size_t i = 0; i < n; i++)
		*(uint64_t *)guest.blocks[i].base = guest.blocks[random_below(n)].base;
}

static void
make_chain(size_t n)
{
	struct header {
		void **buckets;
		uint64_t slots;
		void *first;
		uint64_t count;
		float load;
		uint64_t resize;
		void *single;
	} *header = allocate(sizeof(*header));
	static const uint64_t primes[] = {1447153, 14183539, 149975441};
	size_t p = 0;
	while (p < 1 && n > primes[p])
		p++;
	header->slots = header->resize = primes[p];
	header->buckets = allocate(8 * header->slots);
	header->load = 1;
	header->count = n;
	void **before = &header->first;
	for (size_t i = 0; i < n; i++) {
		void **node = allocate(24);
		header->buckets[i] = before;
		*before = node;
		before = node;
	}
}

static void
make_small(size_t n)
{
	uint64_t *array = allocate(8 * n);
	for (size_t i = 0; i < n; i++)
		array[random_below(n)] = (uintptr_t)allocate(128);
}

static void
make_go(size_t n)
{
	struct {
		int64_t count;
		uint8_t flags, bits;
		void *buckets, *old;
		uint64_t moved;
		void *extra, *kind;
	} *header = allocate(sizeof(*header));
	uint8_t *kind = allocate(64);
	size_t bits = 4, stride = 16 + 8 * (8 + 8), slots;
	while (n > 13 * (((size_t)1 << bits) / 2))
		bits++;
	slots = (size_t)1 << bits;
	*(uint64_t *)kind = stride;
	kind[8] = kind[9] = 8;
	uint8_t *array = allocate(stride * (slots + slots / 16));
	for (size_t i = 0; i < n; i++)
		array[i % slots * stride + i / slots] = 5;
	header->count = (int64_t)n;
	header->bits = (uint8_t)bits;
	header->buckets = array;
	header->kind = kind;
}

static void
compile_profiles(void)
{
	for (size_t i = 0; i < profiles_shipped_count && i < PROFILES_MAX; i++) {
		const struct profile_source *source = &profiles_shipped[i];
		struct profile *profile = map_hidden(1 + i, sizeof(*profile));
		struct profile_error error;
		if (profile_compile(profile, source->text, source->size, &error, 1) != 0)
			exit(1);
		guest.profiles[i] = profile;
		guest.ids[i] = (uint32_t)i;
		guest.profile_count++;
	}
}

/* One search in a child; its CPU seconds. */
static double
run(bool is_told)
{
	int ends[2];
	double seconds = -1;
	if (pipe(ends) != 0)
		return -1;
	pid_t child = fork();
	if (child == 0) {
		struct memory memory;
		struct finder_result result;
		double began = cpu_seconds();
		memory_open_self(&memory, guest.hidden, 1 + guest.profile_count,
		                 (uintptr_t)__builtin_frame_address(0), true);
		struct finder_input input = {
			.memory = &memory, .blocks = guest.blocks, .block_count = guest.count,
			.profiles = guest.profiles, .profile_ids = guest.ids,
			.profile_count = guest.profile_count,
		};
		int status = finder_run(&input, &result);
		seconds = cpu_seconds() - began;
		if (is_told && status == 0)
			fprintf(stderr, "%zu blocks, %zu maps, %zu refused, first map holds %llu\n",
			        guest.count, result.map_count, result.refused_count,
			        result.map_count ? (unsigned long long)result.maps[0].count : 0);
		(void)!write(ends[1], &seconds, sizeof(seconds));
		_exit(0);
	}
	close(ends[1]);
	if (read(ends[0], &seconds, sizeof(seconds)) != sizeof(seconds))
		seconds = -1;
	close(ends[0]);
	waitpid(child, NULL, 0);
	return seconds;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	static const struct { const char *name; void (*make)(size_t n); size_t n; } cases[] = {
		{"many", make_many, 10000000}, {"chain", make_chain, 1000000},
		{"small", make_small, 1000000}, {"go", make_go, 1000000},
	};
	double seconds[RUNS_MAX];
	for (size_t i = 0; argc > 1 && i < sizeof(cases) / sizeof(*cases); i++) {
		if (strcmp(argv[1], cases[i].name) != 0)
			continue;
		size_t n = argc > 2 ? strtoull(argv[2], NULL, 0) : cases[i].n;
		int runs = argc > 3 ? atoi(argv[3]) : 5;
		runs = runs < 1 ? 1 : runs > RUNS_MAX ? RUNS_MAX : runs;
		guest.room = n + 8;
		guest.blocks = map_hidden(0, guest.room * sizeof(*guest.blocks));
		compile_profiles();
		cases[i].make(n);
		shuffle();
		for (int r = 0; r < runs; r++)
			seconds[r] = run(r == 0);
		qsort(seconds, (size_t)runs, sizeof(*seconds), compare);
		printf("%-6s %8.1f ms CPU (%.1f to %.1f, %d runs)\n", cases[i].name,
		       seconds[runs / 2] * 1e3, seconds[0] * 1e3, seconds[runs - 1] * 1e3, runs);
		return 0;
	}
	fprintf(stderr, "usage: %s many|chain|small|go [N] [RUNS]\n", argv[0]);
	return 2;
}
