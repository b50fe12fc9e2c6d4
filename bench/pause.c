/*
 * What a snapshot costs the guest while it stands still, beside a bare fork of the same process.
 * Fills a heap of small blocks (100 MB), then forks and takes marks by turns (15 times each);
 * prints the medians.
 *
 *     make bench-build
 *     LD_PRELOAD=./libmaptrace.so MAPTRACE_AUTO=0 build/bench/pause [MEGABYTES [ROUNDS]]
 *
 * Each child is waited for before the next one is made, so that nothing competes with what is
 * measured. The fork is libc's without handlers of pthread_atfork, as the library's clone is. What
 * a snapshot costs after its pause is told for each page that the guest writes to: while a child
 * lives it is copied, and once the child is gone the first write still faults.
 */
#include <maptrace.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	BLOCK = 100,
	TOUCHED = 4096,
	ROUNDS_MAX = 1000,
};

static double
now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void **
fill(size_t count)
{
	void **blocks = malloc(count * sizeof(*blocks));
	for (size_t i = 0; blocks != NULL && i < count; i++) {
		blocks[i] = malloc(BLOCK);
		if (blocks[i] == NULL)
			abort();
		memset(blocks[i], 1, BLOCK);
	}
	return blocks;
}

static double
time_fork(void)
{
	double began = now_ms();
	pid_t pid = _Fork();
	if (pid == 0)
		_exit(0);
	double took = now_ms() - began;
	waitpid(pid, NULL, 0);
	return took;
}

static double
time_mark(void)
{
	double began = now_ms();
	maptrace_mark("pause");
	double took = now_ms() - began;
	while (waitpid(-1, NULL, __WALL) > 0)
		; /* the library's child, too */
	return took;
}

/* Writes to every page, so that each child finds pages to share. */
static void
touch(void **blocks, size_t count)
{
	for (size_t i = 0; i < count; i += TOUCHED / BLOCK)
		memset(blocks[i], 2, BLOCK);
}

static long
faults_so_far(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

/* Microseconds for each page that is written to after a fork, the child alive or gone. */
static double
time_faults(void **blocks, size_t count, int is_alive)
{
	pid_t pid = _Fork();
	if (pid == 0) {
		while (is_alive)
			pause();
		_exit(0);
	}
	if (!is_alive)
		waitpid(pid, NULL, 0);
	long faults = faults_so_far();
	double began = now_ms();
	touch(blocks, count);
	double took = now_ms() - began;
	faults = faults_so_far() - faults;
	if (is_alive) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return faults > 0 ? took * 1e3 / (double)faults : 0;
}

static int
compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;
	return (a > b) - (a < b);
}

static double
median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof(*values), compare);
	return values[count / 2];
}

int
main(int argc, char **argv)
{
	static double forks[ROUNDS_MAX], marks[ROUNDS_MAX], copies[ROUNDS_MAX], faults[ROUNDS_MAX];
	size_t megabytes = argc > 1 ? strtoul(argv[1], NULL, 10) : 100;
	int rounds = argc > 2 ? atoi(argv[2]) : 15;
	size_t count = megabytes * 1000 * 1000 / (BLOCK + 12); /* malloc's own bytes besides */
	void **blocks = fill(count);

	if (blocks == NULL || rounds < 1 || rounds > ROUNDS_MAX)
		return 2;
	for (int i = 0; i < rounds; i++) {
		touch(blocks, count);
		forks[i] = time_fork();
		touch(blocks, count);
		marks[i] = time_mark();
		touch(blocks, count);
		copies[i] = time_faults(blocks, count, 1);
		faults[i] = time_faults(blocks, count, 0);
	}
	double bare = median(forks, rounds), mark = median(marks, rounds);
	printf("%zu MB in %zu blocks, %d rounds: bare fork %.2f ms", megabytes, count, rounds,
	       bare);
	if (maptrace_is_active())
		printf(", mark %.2f ms, %.2f times", mark, mark / bare);
	median(copies, rounds); /* sorted now; what else runs only adds to the least */
	median(faults, rounds);
	printf(
	    "; a page written to after a fork: %.2f us to copy, %.2f us once the child is gone\n",
	    copies[0], faults[0]);
	return 0;
}
