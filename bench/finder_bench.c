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
#include "bench/finder_guest.h"
#include "profiles/shipped.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUNS_MAX = 99, PROFILES_MAX = 64 };

static struct {
	const struct profile *compiled[PROFILES_MAX];
	const struct profile *awake[PROFILES_MAX];
	uint32_t ids[PROFILES_MAX];
	size_t compiled_count, awake_count;
} known;

static double
cpu_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void
compile_profiles(void)
{
	for (size_t i = 0; i < profiles_shipped_count && i < PROFILES_MAX; i++) {
		const struct profile_source *source = &profiles_shipped[i];
		struct profile *profile = finder_guest_hide(sizeof(*profile));
		struct profile_error error;
		if (profile_compile(profile, source->text, source->size, &error, 1) != 0)
			exit(1);
		known.compiled[known.compiled_count++] = profile;
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
	known.awake_count = 0;
	for (size_t i = 0; i < known.compiled_count; i++) {
		if (strcmp(names, "all") != 0 && !is_named(names, known.compiled[i]->name))
			continue;
		known.ids[known.awake_count] = (uint32_t)i;
		known.awake[known.awake_count++] = known.compiled[i];
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
	memory_open_self(&memory, finder_guest.hidden, finder_guest.hidden_count,
	                 (uintptr_t)__builtin_frame_address(0), true, NULL);
	struct finder_input input = {
		.memory = &memory, .blocks = finder_guest.blocks, .block_count = finder_guest.count,
		.profiles = known.awake, .profile_ids = known.ids,
		.profile_count = known.awake_count,
	};
	int status = finder_run(&input, &result);
	double seconds = cpu_seconds() - began;
	if (is_told && status == 0)
		fprintf(stderr, "%zu blocks, %zu maps, %zu refused, first map holds %llu\n",
		        finder_guest.count, result.map_count, result.refused_count,
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

static void
measure(const char *names, const struct finder_guest_case *one, int runs)
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
measure_case(const struct finder_guest_case *one, size_t n, int runs, const char *names)
{
	compile_profiles();
	finder_guest_make(one, n);
	if (strcmp(names, "each") != 0) {
		measure(names, one, runs);
		return;
	}
	measure("none", one, runs);
	for (size_t i = 0; i < known.compiled_count; i++)
		measure(known.compiled[i]->name, one, runs);
}

int
main(int argc, char **argv)
{
	const struct finder_guest_case *one = finder_guest_cases;
	for (; argc > 1 && one->name != NULL; one++) {
		if (strcmp(argv[1], one->name) != 0)
			continue;
		int runs = argc > 3 ? atoi(argv[3]) : 5;
		runs = runs < 1 ? 1 : runs > RUNS_MAX ? RUNS_MAX : runs;
		size_t n = argc > 2 ? strtoull(argv[2], NULL, 0) : 0;
		measure_case(one, n ? n : one->n, runs, argc > 4 ? argv[4] : "all");
		return 0;
	}
	fprintf(stderr, "usage: %s inline|pointer|big|emptied|many|chain|unordered|small|plain "
	                "[N] [RUNS] [PROFILES]\n", argv[0]);
	return 2;
}
