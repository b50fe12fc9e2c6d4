/* Runs a program as a shell in the foreground would, and waits for it. Called by run.c. */
#ifndef ANALYZER_LAUNCH_H
#define ANALYZER_LAUNCH_H

#include <sys/types.h>

/* Starts `path` with `arguments` (arguments[0] is its name) in this process group and waits.
 * Signals sent to this process by others while it waits go on to the program; those of the terminal
 * reach it anyway. Returns 0 with its wait status and id; an errno where it could not be started.
 */
int launch_and_wait(const char *path, char *const *arguments, pid_t *pid, int *status);

#endif
