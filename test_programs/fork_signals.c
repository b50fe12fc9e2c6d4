/*
 * Forks while a timer's handler allocates, each time from another stack: the copying of the guest's
 * pages takes long enough for the timer to strike within fork itself, and libc lets the signal in
 * before it has told those who asked that the fork is over.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	FORKS = 40,
	DEPTH = 16,
	MEMORY = 48 << 20,
	STRIKE_US = 300,
};

static volatile sig_atomic_t is_forking;
static volatile unsigned strikes;

/* A bit of `path` chooses each frame's return address. */
static __attribute__((noinline)) void *
allocate_deeper(unsigned path, int left)
{
	void *volatile block;

	if (left == 0)
		block = malloc(24);
	else if (path & 1)
		block = allocate_deeper(path >> 1, left - 1);
	else
		block = allocate_deeper(path >> 1, left - 1);
	return block;
}

static void
on_timer(int number)
{
	if (is_forking)
		free(allocate_deeper(strikes++, DEPTH));
}

static int
fork_once(void)
{
	int status = 1;
	pid_t pid;

	is_forking = 1;
	pid = fork();
	if (pid == 0)
		_exit(0);
	is_forking = 0;
	while (pid > 0 && waitpid(pid, &status, 0) != pid)
		;
	return status;
}

int
main(void)
{
	const struct sigaction action = { .sa_handler = on_timer, .sa_flags = SA_RESTART };
	const struct itimerval often = { { 0, STRIKE_US }, { 0, STRIKE_US } };
	char *volatile memory = malloc(MEMORY);
	int failed = 0;

	if (!memory || sigaction(SIGALRM, &action, NULL) || setitimer(ITIMER_REAL, &often, NULL))
		return 1;
	memset(memory, 1, MEMORY);
	for (int i = 0; i < FORKS; i++)
		failed += fork_once() != 0;
	printf("%d forks failed, handler %s\n", failed, strikes ? "ran" : "did not run");
	return failed != 0;
}
