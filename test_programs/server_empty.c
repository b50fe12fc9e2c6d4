/*
 * A server that fills a map, empties it, and serves until a signal ends it: it never returns from
 * main. Says "ready" when the map is empty.
 *
 *     server_empty [ENTRIES]    default 100000
 */
#include "test_programs/numbers.h"

#include <string.h>
#include <unistd.h>

/* What a request allocates and frees. */
static void
serve_one(unsigned int number)
{
	size_t size = 64 + number % 512;
	char *answer = malloc(size);
	if (answer == NULL)
		abort();
	memset(answer, 'a', size);
	free(answer);
}

int
main(int argc, char **argv)
{
	long entries = number_argument(argc, argv, 1, 100000, 10 * 1000 * 1000);
	struct gomap *map = numbers_new();

	numbers_add(map, entries);
	numbers_delete(map, entries);
	gomap_collect(map);
	puts("ready");
	fflush(stdout);
	for (unsigned int number = 0;; number++) {
		serve_one(number);
		usleep(2000);
	}
}
