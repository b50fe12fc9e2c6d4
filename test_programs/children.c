/*
 * A build: starts many processes, each of which replaces itself by another program, a few at a
 * time. Every tenth of them uses a map and leaves it empty; the others use none.
 *
 *     children [COUNT]          default 300
 *     children --child NUMBER   what each of them runs
 */
#include "test_programs/numbers.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	AT_ONCE = 4,
	WITH_MAP = 10,
	COUNT_MAX = 100000,
	ENTRIES = 2000,
};

static int
child(long number)
{
	if (number % WITH_MAP != 0)
		return 0;
	struct gomap *map = numbers_new();
	numbers_add(map, ENTRIES);
	numbers_delete(map, ENTRIES);
	return map->count == 0 ? 0 : 1;
}

static int
start(const char *program, long number)
{
	char text[32];
	snprintf(text, sizeof(text), "%ld", number);
	pid_t pid = fork();
	if (pid == 0) {
		execl("/proc/self/exe", program, "--child", text, (char *)NULL);
		_exit(127);
	}
	return pid < 0 ? -1 : 0;
}

/* Waits for one child; 0 if it ended well. */
static int
reap(void)
{
	int status;
	return wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--child") == 0)
		return child(number_argument(argc, argv, 2, 1, COUNT_MAX));

	long count = number_argument(argc, argv, 1, 300, COUNT_MAX), failed = 0;
	for (long number = 1; number <= count; number++) {
		if (start(argv[0], number) != 0) {
			perror("children: fork");
			return 1;
		}
		if (number > AT_ONCE)
			failed += reap() != 0;
	}
	for (long left = count < AT_ONCE ? count : AT_ONCE; left > 0; left--)
		failed += reap() != 0;
	printf("%ld children, %ld failed\n", count, failed);
	return failed == 0 ? 0 : 1;
}
