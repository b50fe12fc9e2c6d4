/* What the hardships share: choosing a case, and a crowd of threads that allocate meanwhile. */
#include "test_programs/hardship/hardship.h"

#include <errno.h>
#include <maptrace.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 8, PLACES = 256 };

static _Atomic(void *) places[PLACES];
static pthread_t crowd[THREADS];
static atomic_bool is_over;

void
expect(bool holds, const char *what)
{
	if (holds)
		return;
	dprintf(2, "%s: %s\n", what, strerror(errno));
	_exit(9);
}

void
churn(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char *block = malloc(1 + i * 37 % 3000);

		expect(block != NULL, "malloc");
		block[0] = 1;
		block = realloc(block, 1 + i * 91 % 5000);
		expect(block != NULL, "realloc");
		free(block);
	}
}

void
marks(unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		churn(50);
		maptrace_mark("mark");
	}
}

void
reap(pid_t pid)
{
	int status = 0;

	expect(pid > 0, "a child");
	expect(waitpid(pid, &status, __WALL) == pid, "waitpid");
	if (status)
		dprintf(2, "a child ended with %#x\n", (unsigned)status);
	expect(status == 0, "the child");
}

/* What one thread puts down another one frees. */
static void *
crowd_member(void *number)
{
	uint32_t seed = (uint32_t)(uintptr_t)number + 1;

	while (!atomic_load(&is_over)) {
		void *block;

		seed = seed * 1103515245u + 12345u;
		block = malloc(16 + (seed >> 16) % 2000);
		expect(block != NULL, "malloc in the crowd");
		free(atomic_exchange(&places[(seed >> 8) % PLACES], block));
		if (seed % 64 == 0)
			usleep(100); /* the others shall come to run, too */
	}
	return NULL;
}

void
crowd_start(void)
{
	atomic_store(&is_over, false);
	for (uintptr_t i = 0; i < THREADS; i++)
		expect(!pthread_create(&crowd[i], NULL, crowd_member, (void *)i), "pthread_create");
}

void
crowd_stop(void)
{
	atomic_store(&is_over, true);
	for (int i = 0; i < THREADS; i++)
		pthread_join(crowd[i], NULL);
	for (int i = 0; i < PLACES; i++)
		free(atomic_exchange(&places[i], NULL));
}

int
main(int count, char **arguments)
{
	const struct hardship *chosen = hardships;

	if (count < 2)
		return 2;
	if (!strcmp(arguments[1], "--list")) {
		for (; chosen->name; chosen++)
			printf("%s %u %u\n", chosen->name, chosen->few, chosen->many);
		return 0;
	}
	while (chosen->name && strcmp(chosen->name, arguments[1]))
		chosen++;
	if (!chosen->name)
		return 2;
	chosen->run(count > 2 ? (unsigned)atoi(arguments[2]) : chosen->few);
	printf("%s: done\n", chosen->name);
	return 0;
}
