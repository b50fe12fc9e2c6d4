/*
 * Forks without exec: the child inherits a map, empties it and fills one of its own, while the
 * parent goes on with its own copy.
 */
#include "test_programs/numbers.h"

#include <sys/wait.h>
#include <unistd.h>

enum {
	CHILDREN = 3,
	ENTRIES = 3000,
};

static int
child(struct gomap *inherited, int number)
{
	struct gomap *own = numbers_new();
	numbers_delete(inherited, ENTRIES);
	numbers_add(own, ENTRIES * number);
	return own->count == ENTRIES * number && inherited->count == 0 ? 0 : 1;
}

int
main(void)
{
	int failed = 0;
	struct gomap *map = numbers_new();
	numbers_add(map, ENTRIES);
	for (int number = 1; number <= CHILDREN; number++) {
		int status = 1;
		pid_t pid = fork();
		if (pid == 0)
			return child(map, number);
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
			failed++;
	}
	numbers_add(map, 2 * ENTRIES);
	printf("%lld entries, %d children failed\n", (long long)map->count, failed);
	return failed == 0 ? 0 : 1;
}
