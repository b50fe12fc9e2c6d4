/* Where a run's traces go, and which of the files there are this run's. Called by run.c and
 * go_trace.c. */
#ifndef ANALYZER_RUN_TRACES_H
#define ANALYZER_RUN_TRACES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The value for MAPTRACE_OUT: `place` (NULL: the variable's own default), made absolute, since the
 * program or its children may change their folder; for a folder (one that does not exist is named
 * by a / at its end, and made) the default name within it. free() it. NULL with errno. */
char *run_traces_pattern(const char *place);

/* The name that the pattern has for this process. free() it. NULL: no memory. */
char *run_traces_name(const char *pattern, pid_t pid, const char *program);

struct run_traces {
	char *own;     /* the program's own: of its process, the last begun; NULL: none */
	char **others; /* of its children, and of what its process was before an exec */
	size_t count;
};

/* The traces that `pattern` names and that were begun since `start_ns` (CLOCK_REALTIME). Returns 0,
 * or -1: no memory. */
int run_traces_find(struct run_traces *traces, const char *pattern, pid_t pid, uint64_t start_ns);

/* Waits until no snapshot of this trace is under way: its writer outlives a program that ended
 * without waiting for it. */
void run_traces_settle(const char *path);
void run_traces_release(struct run_traces *traces);

#endif
