/*
 * The environment variables: their names and meanings, once. The library's are read by these names
 * in preload/process/settings.c; the analyzer prints this table in `maptrace run --help`, and reads
 * the last one itself.
 *
 * Values are the user's and are never trusted: what cannot be read keeps its default, with a
 * warning. So does a name that begins as ours and is none of ours.
 */
#ifndef TRACE_ENVIRONMENT_H
#define TRACE_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define TRACE_VARIABLE_PREFIX "MAPTRACE_"

enum trace_variable_id {
	TRACE_VARIABLE_OUT,
	TRACE_VARIABLE_PROFILES,
	TRACE_VARIABLE_ONLY,
	TRACE_VARIABLE_AUTO,
	TRACE_VARIABLE_BUDGET,
	TRACE_VARIABLE_DEPTH,
	TRACE_VARIABLE_KEEP,
	TRACE_VARIABLE_QUIET,
	TRACE_VARIABLE_CHECK_UNWIND,
	TRACE_VARIABLE_REFUSED,
	TRACE_VARIABLE_LIBRARY, /* the analyzer's */
	TRACE_VARIABLES
};

struct trace_variable {
	const char *name;
	const char *argument; /* what to put behind the = */
	const char *standard; /* what holds when it is not set */
	const char *help;     /* one line, no full stop */
};

__attribute__((unused)) static const struct trace_variable trace_environment[TRACE_VARIABLES] = {
	[TRACE_VARIABLE_OUT] = { "MAPTRACE_OUT", "PATH", "maptrace.%n.%p.mtr",
	                         "where the trace goes: a folder, or a path in which %p is the "
	                         "process id, %n the program's name, %% a percent sign" },
	[TRACE_VARIABLE_PROFILES] = { "MAPTRACE_PROFILES", "FOLDER", "none",
	                              "load every *.profile of this folder besides the shipped "
	                              "ones" },
	[TRACE_VARIABLE_ONLY] = { "MAPTRACE_ONLY", "GLOB", "*",
	                          "trace only programs whose name matches; others run as if the "
	                          "library were absent" },
	[TRACE_VARIABLE_AUTO] = { "MAPTRACE_AUTO", "0|1", "1",
	                          "take snapshots by themselves, besides marks and the exit" },
	[TRACE_VARIABLE_BUDGET] = { "MAPTRACE_BUDGET", "SECONDS", "10",
	                            "longest time that one snapshot may work" },
	[TRACE_VARIABLE_DEPTH] = { "MAPTRACE_DEPTH", "FRAMES", "512",
	                           "deepest stack that is recorded, 1 to 512" },
	[TRACE_VARIABLE_KEEP] = { "MAPTRACE_KEEP", "0|1", "0",
	                          "keep the trace of a program that used no map" },
	[TRACE_VARIABLE_QUIET] = { "MAPTRACE_QUIET", "0|1", "0",
	                           "print nothing on standard error" },
	[TRACE_VARIABLE_CHECK_UNWIND] = { "MAPTRACE_CHECK_UNWIND", "0|1", "0",
	                                  "compare every stack with two other unwinders (slow), "
	                                  "and tell at the end" },
	[TRACE_VARIABLE_REFUSED] = { "MAPTRACE_REFUSED", "0|1", "0",
	                             "keep what profiles refused before they looked at a size, "
	                             "too; for their authors" },
	[TRACE_VARIABLE_LIBRARY] = { "MAPTRACE_LIBRARY", "PATH",
	                             "beside maptrace, or in ../lib/maptrace",
	                             "the libmaptrace.so to load" },
};

/* Whether an entry of an environment (NAME=VALUE) is meant for us and no variable of ours: one that
 * was misspelt does nothing, and nobody would see it. */
static inline bool
trace_variable_is_unknown(const char *entry)
{
	size_t length = strcspn(entry, "=");

	if (strncmp(entry, TRACE_VARIABLE_PREFIX, sizeof(TRACE_VARIABLE_PREFIX) - 1) != 0)
		return false;
	for (int i = 0; i < TRACE_VARIABLES; i++) {
		const char *name = trace_environment[i].name;

		if (strlen(name) == length && memcmp(entry, name, length) == 0)
			return false;
	}
	return true;
}

#endif
