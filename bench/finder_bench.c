/*
 * What one snapshot's search costs, by the finder alone, on guests that are hard for it. For people
 * who work on finder/:
 *
 *     make bench-build
 *     build/bench/finder_bench CASE [N] [RUNS] [PROFILES]     N 0: as many as below
 *
 * inline, pointer, big    the article's map of N entries, all of them live (1M)
 * emptied                 the article's map of inline values, N entries deleted again (1M)
 * many      N blocks of 40 bytes, each pointing at another one at random (10M)
 * chain     a std::unordered_map of N nodes with a sound list (1M)
 * unordered N maps of that kind with 10 nodes each (100 thousand)
 * small     N blocks of 128 bytes, the array that points at them, nothing else (1M)
 * plain     N blocks of 1 KB full of small numbers, no maps (1M)
 *
 * PROFILES that are awake: `all` (the default), names with commas between, `none`, or `each`: every
 * one by itself, to be read beside `none`. Each run is a forked child, as in a snapshot. Prints the
 * CPU time of a search: the median, then the least and the most, and the memory searched in that
 * time.
 */
#include "finder/finder.h"
#include "test_programs/gomap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUNS_MAX = 99, PROFILES_MAX = 64, PAGE = 4096 };

static struct {
	struct finder_block *blocks;
	size_t count, room;
	const struct profile *compiled[PROFILES_MAX];
	const struct profile *awake[PROFILES_MAX];
	uint32_t ids[PROFILES_MAX];
	struct memory_range hidden[1 + PROFILES_MAX];
	size_t compiled_count, awake_count;
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

/* ---- the guest's allocator: what gomap.c calls, and what the cases below do. In front of a block
 * lies its place in the list, and its size as malloc keeps it. */

enum { FRONT = 16 };

void *__real_calloc(size_t count, size_t size);
void __real_free(void *at);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void __wrap_free(void *at);

static void *
allocate(size_t size)
{
	uint64_t *front = __real_calloc(1, FRONT + size);
	if (front == NULL || guest.count == guest.room) {
		fprintf(stderr, "no memory for the guest\n");
		exit(1);
	}
	front[0] = guest.count;
	front[1] = size | 1;
	guest.blocks[guest.count++] = (struct finder_block){
		.base = (uintptr_t)front + FRONT, .size = size,
	};
	return (char *)front + FRONT;
}

void *
__wrap_malloc(size_t size)
{
	return allocate(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return allocate(count * size);
}

void
__wrap_free(void *at)
{
	if (at == NULL)
		return;
	uint64_t *front = (void *)((char *)at - FRONT);
	struct finder_block last = guest.blocks[--guest.count];
	guest.blocks[front[0]] = last;
	*(uint64_t *)(uintptr_t)(last.base - FRONT) = front[0];
	__real_free(front);
}

/* ---- guests */

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
make_unordered(size_t entries, size_t slots)
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
	header->slots = header->resize = slots;
	header->buckets = allocate(8 * slots);
	header->load = 1;
	header->count = entries;
	void **before = &header->first;
	for (size_t i = 0; i < entries; i++) {
		void **node = allocate(24);
		header->buckets[i] = before;
		*before = node;
		before = node;
	}
}

static void
make_chain(size_t n)
{
	make_unordered(n, n > 1447153 ? 14183539 : 1447153);
}

static void
make_many_unordered(size_t n)
{
	for (size_t i = 0; i < n; i++)
		make_unordered(10, 13);
}

static void
make_small(size_t n)
{
	uint64_t *array = allocate(8 * n);
	for (size_t i = 0; i < n; i++)
		array[random_below(n)] = (uintptr_t)allocate(128);
}

static void
make_plain(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t *at = allocate(1024);
		for (size_t k = 0; k < 128; k++)
			at[k] = random_below(1000000);
	}
}

static struct gomap *
make_go(size_t n, size_t value_size, unsigned flags)
{
	static struct gomap_type type;
	static const uint8_t zero[256];
	type = gomap_type_of(sizeof(int64_t), (uint32_t)value_size, (uint8_t)flags);
	struct gomap *map = gomap_new(&type, 2023);
	for (int64_t key = 0; key < (int64_t)n; key++) {
		void *pointed = flags ? allocate(128) : NULL;
		gomap_insert(map, &key, flags ? (void *)&pointed : zero);
	}
	return map;
}

static void
make_inline(size_t n)
{
	make_go(n, 128, 0);
}

static void
make_pointer(size_t n)
{
	make_go(n, 8, GOMAP_POINTER_VALUE);
}

static void
make_big(size_t n)
{
	make_go(n, 129, 0);
}

static void
make_emptied(size_t n)
{
	struct gomap *map = make_go(n, 128, 0);
	for (int64_t key = 0; key < (int64_t)n; key++)
		gomap_delete(map, &key);
	gomap_collect(map);
}

/* ---- the search */

static void
compile_profiles(void)
{
	for (size_t i = 0; i < profiles_shipped_count && i < PROFILES_MAX; i++) {
		const struct profile_source *source = &profiles_shipped[i];
		struct profile *profile = map_hidden(1 + i, sizeof(*profile));
		struct profile_error error;
		if (profile_compile(profile, source->text, source->size, &error, 1) != 0)
			exit(1);
		guest.compiled[guest.compiled_count++] = profile;
	}
}

/* Whether `name` is one of `names`, which have commas between. */
static bool
is_named(const char *names, const char *name)
{
	size_t size = strlen(name);
	for (const char *at = names; (at = strstr(at, name)) != NULL; at += size)
		if ((at == names || at[-1] == ',') && (at[size] == ',' || at[size] == '\0'))
			return true;
	return false;
}

static void
wake(const char *names)
{
	guest.awake_count = 0;
	for (size_t i = 0; i < guest.compiled_count; i++) {
		if (strcmp(names, "all") != 0 && !is_named(names, guest.compiled[i]->name))
			continue;
		guest.ids[guest.awake_count] = (uint32_t)i;
		guest.awake[guest.awake_count++] = guest.compiled[i];
	}
}

struct outcome {
	double seconds;
	uint64_t scanned;
};

static struct outcome
search(bool is_told)
{
	struct memory memory;
	struct finder_result result;
	double began = cpu_seconds();
	memory_open_self(&memory, guest.hidden, 1 + guest.compiled_count,
	                 (uintptr_t)__builtin_frame_address(0), true);
	struct finder_input input = {
		.memory = &memory, .blocks = guest.blocks, .block_count = guest.count,
		.profiles = guest.awake, .profile_ids = guest.ids,
		.profile_count = guest.awake_count,
	};
	int status = finder_run(&input, &result);
	double seconds = cpu_seconds() - began;
	if (is_told && status == 0)
		fprintf(stderr, "%zu blocks, %zu maps, %zu refused, first map holds %llu\n",
		        guest.count, result.map_count, result.refused_count,
		        result.map_count ? (unsigned long long)result.maps[0].count : 0);
	return (struct outcome){seconds, result.scanned_bytes};
}

/* One search in a child. */
static struct outcome
run(bool is_told)
{
	int ends[2];
	struct outcome outcome = {-1, 0};
	if (pipe(ends) != 0)
		return outcome;
	pid_t child = fork();
	if (child == 0) {
		outcome = search(is_told);
		(void)!write(ends[1], &outcome, sizeof(outcome));
		_exit(0);
	}
	close(ends[1]);
	if (read(ends[0], &outcome, sizeof(outcome)) != sizeof(outcome))
		outcome.seconds = -1;
	close(ends[0]);
	waitpid(child, NULL, 0);
	return outcome;
}

static int
compare(const void *a, const void *b)
{
	const struct outcome *x = a, *y = b;
	return (x->seconds > y->seconds) - (x->seconds < y->seconds);
}

static const struct guest_case {
	const char *name;
	void (*make)(size_t n);
	size_t n, blocks; /* by default; blocks for each of n */
} cases[] = {
	{"inline", make_inline, 1000000, 1}, {"pointer", make_pointer, 1000000, 2},
	{"big", make_big, 1000000, 2}, {"emptied", make_emptied, 1000000, 1},
	{"many", make_many, 10000000, 1}, {"chain", make_chain, 1000000, 1},
	{"unordered", make_many_unordered, 100000, 12},
	{"small", make_small, 1000000, 1}, {"plain", make_plain, 1000000, 1},
};

static void
measure(const char *names, const struct guest_case *one, int runs)
{
	struct outcome outcomes[RUNS_MAX];
	wake(names);
	for (int r = 0; r < runs; r++)
		outcomes[r] = run(r == 0);
	qsort(outcomes, (size_t)runs, sizeof(*outcomes), compare);
	const struct outcome *median = &outcomes[runs / 2];
	printf("%-9s %-20s %8.1f ms CPU (%.1f to %.1f, %d runs), %.0f MB, %.0f MB/s\n", one->name,
	       names, median->seconds * 1e3, outcomes[0].seconds * 1e3,
	       outcomes[runs - 1].seconds * 1e3, runs, (double)median->scanned / 1e6,
	       (double)median->scanned / 1e6 / median->seconds);
}

static void
measure_case(const struct guest_case *one, size_t n, int runs, const char *names)
{
	guest.room = n * one->blocks + 1000;
	guest.blocks = map_hidden(0, guest.room * sizeof(*guest.blocks));
	compile_profiles();
	one->make(n);
	shuffle();
	if (strcmp(names, "each") != 0) {
		measure(names, one, runs);
		return;
	}
	measure("none", one, runs);
	for (size_t i = 0; i < guest.compiled_count; i++)
		measure(guest.compiled[i]->name, one, runs);
}

int
main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(cases) / sizeof(*cases); i++) {
		if (strcmp(argv[1], cases[i].name) != 0)
			continue;
		int runs = argc > 3 ? atoi(argv[3]) : 5;
		runs = runs < 1 ? 1 : runs > RUNS_MAX ? RUNS_MAX : runs;
		size_t n = argc > 2 ? strtoull(argv[2], NULL, 0) : 0;
		measure_case(&cases[i], n ? n : cases[i].n, runs, argc > 4 ? argv[4] : "all");
		return 0;
	}
	fprintf(stderr, "usage: %s inline|pointer|big|emptied|many|chain|unordered|small|plain "
	                "[N] [RUNS] [PROFILES]\n", argv[0]);
	return 2;
}
