/*
 * Forks a child for each way in which a short life can be worth a trace, or not. Each child is
 * killed at once, by SIGKILL of its own hand; its parent prints its pid and what it did.
 *
 *     short_children      prints lines such as "map 4711"
 */
#include "test_programs/numbers.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PARENTS = 500, CHILDS = 2000, LITTLE = 100, LARGE = 100 * 1000 };

static char *volatile kept; /* so that no allocation is left out */

/* Without an allocation, which could come so late that it gives a child a trace. */
static void
say(const char *name, pid_t pid)
{
	char line[64];
	int size = snprintf(line, sizeof(line), "%s %d\n", name, (int)pid);

	if (write(STDOUT_FILENO, line, (size_t)size) != size)
		_exit(1);
}

static void
allocate(size_t size)
{
	kept = malloc(size);
	if (kept)
		memset(kept, 1, size);
}

static void *
second(void *unused)
{
	allocate(LITTLE);
	return unused;
}

static void
do_little(void)
{
	allocate(LITTLE);
}

static void
do_map(void)
{
	numbers_add(numbers_new(), CHILDS);
}

static void
do_large(void)
{
	allocate(LARGE);
}

static void
do_thread(void)
{
	pthread_t thread;

	allocate(LITTLE);
	if (!pthread_create(&thread, NULL, second, NULL))
		pthread_join(thread, NULL);
}

/* A child of the child, which itself has done little, has a map. */
static void
do_grandchild(void)
{
	allocate(LITTLE);
	pid_t pid = fork();
	if (pid == 0) {
		do_map();
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, NULL, 0);
	say("grandchilds_map", pid);
}

static const struct {
	const char *name;
	void (*act)(void);
} children[] = {
	{ "little", do_little }, { "map", do_map }, { "large", do_large },
	{ "thread", do_thread }, { "grandchild", do_grandchild },
};

int
main(void)
{
	struct gomap *map = numbers_new();

	numbers_add(map, PARENTS);
	for (size_t i = 0; i < sizeof(children) / sizeof(children[0]); i++) {
		int status = 0;
		pid_t pid = fork();

		if (pid == 0) {
			children[i].act();
			kill(getpid(), SIGKILL);
		}
		waitpid(pid, &status, 0);
		if (!WIFSIGNALED(status))
			return 1;
		say(children[i].name, pid);
	}
	return map->count == PARENTS ? 0 : 1;
}
