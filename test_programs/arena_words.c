/*
 * What a program may say of its memory, right and wrong.
 *
 *     arena_words roles     a map that no profile knows says what its sub-blocks are
 *     arena_words misuse    sub-blocks that cannot be
 *     arena_words fork      the child says more of its parent's arena
 */
#include <maptrace.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARENA = 64 * 1024, BUCKETS = 4096 };

static char *arena;

static void
roles(void)
{
	void *header = malloc(48); /* a block of malloc's own can be told of, too */

	maptrace_role(header, MAPTRACE_HEADER);
	maptrace_allocate(arena, BUCKETS);
	maptrace_role(arena, MAPTRACE_BUCKETS);
	for (int i = 0; i < 10; i++) {
		maptrace_allocate(arena + BUCKETS + i * 64, 64);
		maptrace_role(arena + BUCKETS + i * 64, MAPTRACE_OVERFLOW);
	}
	maptrace_allocate(arena + 2 * BUCKETS, 100);
	maptrace_role(arena + 2 * BUCKETS, MAPTRACE_VALUES);
	maptrace_mark("told");
	free(header);
	free(arena);
	arena = NULL;
	maptrace_mark("gone");
}

/* Twice each, to be told of once. */
static void
misuse(void)
{
	maptrace_mark("before");
	for (int i = 0; i < 2; i++) {
		maptrace_free(arena + 64);
		maptrace_free(&arena);
		maptrace_role(&arena, MAPTRACE_BUCKETS);
		maptrace_allocate(arena, 64);
		maptrace_allocate(arena, 64);
		maptrace_allocate(arena + 32, 64);
		maptrace_allocate(arena + ARENA - 8, 64);
		maptrace_allocate(arena + 128, (size_t)-1);
		maptrace_allocate(NULL, 10);
		maptrace_free(NULL);
		maptrace_role(arena, (enum maptrace_part)77);
		maptrace_name(NULL, "nothing");
		maptrace_free_range(arena, ARENA);
	}
	maptrace_mark("after");
}

static void
fork_on(void)
{
	pid_t child;

	maptrace_allocate(arena, BUCKETS);
	maptrace_role(arena, MAPTRACE_BUCKETS);
	maptrace_allocate(arena + BUCKETS, 1000);
	child = fork();
	if (child == 0) {
		maptrace_free(arena + BUCKETS);
		maptrace_allocate(arena + 2 * BUCKETS, 500);
		maptrace_mark("child");
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	arena = malloc(ARENA);
	if (!strcmp(what, "roles"))
		roles();
	else if (!strcmp(what, "misuse"))
		misuse();
	else if (!strcmp(what, "fork"))
		fork_on();
	else
		return 2;
	free(arena);
	return 0;
}
