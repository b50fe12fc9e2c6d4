/* Where libmaptrace.so is, and an environment in which a program will load it. Called by run.c. */
#ifndef ANALYZER_LIBRARY_H
#define ANALYZER_LIBRARY_H

#include <stddef.h>

/* The absolute path of the library: `given`, else MAPTRACE_LIBRARY, else the one beside this
 * executable, else the one that `make install` puts into ../lib/maptrace. free() it. NULL: `error`
 * says why and what to do. */
char *library_find(const char *given, char *error, size_t size);

/* Sets LD_PRELOAD, in which what was there stays behind the library, and MAPTRACE_OUT. Returns 0,
 * or -1 with errno. */
int library_prepare(const char *library, const char *trace_pattern);

#endif
