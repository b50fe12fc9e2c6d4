/*
 * Loads a library built by Go (test_programs/go/shared.go) and lets it fill a map and drop most of
 * it.
 *
 *     go_library LIBRARY ENTRIES LEFT    marks: filled, dropped
 */
#include <maptrace.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

typedef void (*act)(long);

static void (*find(void *library, const char *name))(long)
{
	void *found = dlsym(library, name);

	if (!found) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	return (act)found;
}

int
main(int argc, char **argv)
{
	void *library = argc == 4 ? dlopen(argv[1], RTLD_NOW) : NULL;

	if (!library) {
		fprintf(stderr, "usage: go_library LIBRARY ENTRIES LEFT: %s\n", dlerror());
		return 1;
	}
	find(library, "Fill")(atol(argv[2]));
	maptrace_mark("filled");
	find(library, "Drop")(atol(argv[3]));
	maptrace_mark("dropped");
	find(library, "Tell")(0);
	return 0;
}
