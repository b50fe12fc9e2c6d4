/*
 * Has no map. Fails to become another program, goes on allocating, and says that it did; with an
 * argument a forked child that has lived for a while does the same first.
 *
 *     failed_exec [child]
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BLOCKS = 200 };

static void
allocate(void)
{
	static void *volatile blocks[BLOCKS];
	for (int i = 0; i < BLOCKS; i++)
		blocks[i] = malloc(2000);
	for (int i = 0; i < BLOCKS; i++)
		free(blocks[i]);
}

static void
fail(void)
{
	allocate();
	if (execl("/no/such/program", "none", (char *)NULL) != -1 || errno != ENOENT)
		abort();
	allocate();
}

static void
fail_in_child(void)
{
	const struct timespec while_it_waits = {.tv_nsec = 200000000};
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		allocate();
		nanosleep(&while_it_waits, NULL); /* by then its trace has a file */
		fail();
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		abort();
}

int
main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		fail_in_child();
	fail();
	puts("went on");
	return 0;
}
