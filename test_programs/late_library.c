/*
 * Forks, loads a library with a map implementation only then, and lets the child go on after that:
 * what the parent learns meanwhile is none of the child's.
 *
 *     late_library LIBRARY FUNCTION     the function makes a map: void *(void *, void *)
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BLOCKS = 100, BLOCK = 4096 };

static int
go_on(int word)
{
	void *blocks[BLOCKS];
	char byte;

	if (read(word, &byte, 1) != 1)
		return 1;
	for (int i = 0; i < BLOCKS; i++)
		blocks[i] = malloc(BLOCK);
	for (int i = 0; i < BLOCKS; i++)
		free(blocks[i]);
	return 0;
}

int
main(int count, char **arguments)
{
	void *(*make)(void *, void *);
	void *library, *map;
	int word[2], status;
	pid_t pid;

	if (count != 3 || pipe(word))
		return 2;
	free(malloc(BLOCK));
	pid = fork();
	if (pid == 0)
		return go_on(word[0]);
	library = dlopen(arguments[1], RTLD_NOW);
	*(void **)&make = library ? dlsym(library, arguments[2]) : NULL;
	if (!make) {
		fprintf(stderr, "late_library: %s\n", dlerror());
		return 2;
	}
	map = make(NULL, NULL);
	if (!map || write(word[1], "", 1) != 1)
		return 1;
	waitpid(pid, &status, 0);
	printf("child %d\n", status);
	return status != 0;
}
