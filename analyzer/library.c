/*
 * Where libmaptrace.so is, and an environment in which a program will load it. LD_PRELOAD is a list
 * in which blanks and colons separate: a path with one of them cannot be preloaded at all, and the
 * dynamic linker's own message about it would name half a path.
 */
#include "analyzer/library.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *
library_beside(void)
{
	static const char *const places[] = {"libmaptrace.so", "../lib/maptrace/libmaptrace.so"};
	char self[PATH_MAX], path[PATH_MAX + 64];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (length <= 0)
		return NULL;
	self[length] = '\0';
	*(strrchr(self, '/') + 1) = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", self, places[i]);
		if (access(path, R_OK) == 0)
			return realpath(path, NULL);
	}
	return NULL;
}

char *
library_find(const char *given, char *error, size_t size)
{
	const char *named = given ? given : getenv("MAPTRACE_LIBRARY");
	bool is_named = named && *named;
	char *path = is_named ? realpath(named, NULL) : library_beside();

	if (path && !path[strcspn(path, ": \t\n")])
		return path;
	if (path)
		snprintf(error, size,
			 "%s: LD_PRELOAD cannot hold a path with blanks or colons; put the "
			 "library elsewhere",
			 path);
	else if (is_named)
		snprintf(error, size, "the library %s cannot be used: %s", named, strerror(errno));
	else
		snprintf(error, size,
			 "libmaptrace.so is neither beside maptrace nor in ../lib/maptrace "
			 "from there; name it with --library or MAPTRACE_LIBRARY");
	free(path);
	return NULL;
}

int
library_prepare(const char *library, const char *trace_pattern)
{
	const char *before = getenv("LD_PRELOAD");
	bool has_others = before && *before;
	char *preload;
	int failed;

	if (asprintf(&preload, "%s%s%s", library, has_others ? ":" : "", has_others ? before : "") <
	    0)
		return -1;
	failed = setenv("LD_PRELOAD", preload, 1) || setenv("MAPTRACE_OUT", trace_pattern, 1);
	free(preload);
	return failed ? -1 : 0;
}
