/* Runs a program as a shell in the foreground would, and waits for it. For run.c and go_run.c. */
#ifndef ANALYZER_LAUNCH_H
#define ANALYZER_LAUNCH_H

#include <sys/types.h>

/* Who wants to know the process before it is the program, and to wait for it. */
struct launch_watcher {
	void *context;
	/* The process exists and waits; it becomes the program when this returns. */
	void (*begin)(void *context, pid_t pid);
	/* Returns when the process has ended, with its wait status. */
	void (*wait)(void *context, pid_t pid, int *status);
};

/* Starts `path` with `arguments` (arguments[0] is its name) in this process group and waits.
 * Signals sent to this process by others while it waits go on to the program; those of the terminal
 * reach it anyway. `watcher`: NULL for none. Returns 0 with its wait status and id; an errno where
 * it could not be started. */
int launch_and_wait(const char *path, char *const *arguments, const struct launch_watcher *watcher,
		    pid_t *pid, int *status);

#endif
