/*
 * A process that is being traced: where its trace is, and what it does. Called by commands that are
 * given a process id. Reads /proc only: nothing is attached to, no signal sent.
 */
#ifndef ANALYZER_LIVE_H
#define ANALYZER_LIVE_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

/* Finds the trace that the process has mapped. Returns 0, or -1 with a sentence in `error` that
 * says what stands in the way and what to do. */
int live_find_trace(uint32_t pid, char path[PATH_MAX], char *error, size_t error_size);

/* The letter of /proc/PID/stat: 'R', 'S', 'D', 'T' (stopped), 't' (by a debugger), 'Z'; 'X' where
 * there is no such process, '?' where it cannot be read. */
char live_state(uint32_t pid);

#endif
