/*
 * Watches a program from its start to its end as a debugger does, and holds it still where somebody
 * wants to look at it: when it exits (os.Exit and fatal signals included) and when asked to.
 *
 *     begin   the process is seized before it is the program, with all threads to come
 *     wait    runs until the process has ended; signals go on to it; calls back:
 *
 *                 tick --(wants a look)--> stop all --> look --> go on
 *                 first thread at its exit --> the others arrive --> look(at the end) --> go on
 *
 * What must never break: the program sees nothing of it. Its signals arrive, its stops by job
 * control stay, its exit code is its own. SIGKILL leaves no time for a look.
 */
#ifndef ANALYZER_FOLLOW_H
#define ANALYZER_FOLLOW_H

#include "analyzer/attach.h"

struct follow_calls {
	void *context;
	/* Some 50 times a second: whether somebody wants to look now. */
	bool (*wants_look)(void *context);
	/* All threads stand still; `reader` is one whose memory can be read: the process is ending
	 * if `at_end`. */
	void (*look)(void *context, const struct attach *stopped, pid_t reader, bool at_end);
	/* The process has become another program. */
	void (*became)(void *context, pid_t pid);
};

struct follow {
	struct follow_calls calls;
	struct attach attach; /* all threads, stopped or not */
	bool is_program;      /* not the launcher's own image any more */
	bool has_ended;       /* the last look was taken */
	char error[ATTACH_ERROR_SIZE]; /* why it is not watched; empty: it is */
};

/* For struct launch_watcher, with a struct follow as context. */
void follow_begin(void *context, pid_t pid);
void follow_wait(void *context, pid_t pid, int *status);

#endif
