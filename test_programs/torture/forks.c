/*
 * Forks halfway down a path: the child goes on allocating on the copy of that stack, returns from
 * some of its frames and takes others; so does the parent.
 */
#include "test_programs/torture/torture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	CHILDREN = 12,
	DEPTH = 20,
};

static uint32_t seed = 9;
static int failed;
static volatile char sink;

TORTURE static void
climb(int left)
{
	volatile char bytes[50];
	TORTURE_FRAME;
	bytes[left] = 1;
	if (left > 0)
		climb(left - 1);
	torture_allocate();
	sink = bytes[left];
}

TORTURE static pid_t
split(int way)
{
	TORTURE_FRAME;
	torture_allocate();
	fflush(stdout);
	pid_t pid = way == 0 ? fork() : way == 1 ? _Fork() : (pid_t)syscall(SYS_fork);
	torture_allocate();
	return pid;
}

/* Returns 0 in the child. */
TORTURE static pid_t
descend(int left, int way)
{
	TORTURE_FRAME;
	torture_allocate();
	pid_t pid = left > 0 ? descend(left - 1, way) : split(way);
	torture_allocate();
	return pid;
}

TORTURE static void
spend_child(int number)
{
	int status = 1;
	TORTURE_FRAME;
	pid_t pid = descend((int)(torture_random(&seed) % DEPTH), number % 3);
	climb(number);
	if (pid == 0)
		_exit(torture_is_right() ? 0 : 1);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		failed++;
}

/* Shares this very stack until it execs. */
TORTURE static void
spend_vfork(void)
{
	int status = 1;
	TORTURE_FRAME;
	pid_t pid = vfork();
	if (pid == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(9);
	}
	torture_allocate();
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		failed++;
}

int
main(void)
{
	for (int i = 0; i < CHILDREN; i++) {
		spend_child(i);
		spend_vfork();
	}
	return torture_end() == 0 && failed == 0 ? 0 : 1;
}
