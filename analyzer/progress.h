/*
 * How far a command that reads many traces is. On standard error, only where that is a terminal and
 * only once it has taken a second: what is quick, and what is logged, stays clean.
 */
#ifndef ANALYZER_PROGRESS_H
#define ANALYZER_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	const char *name; /* the command's */
	size_t total;
	uint64_t next_ns; /* nothing is told before */
	bool is_terminal;
	bool is_shown;
};

/* `total` traces are about to be read by the command of this name, which must stay. */
void progress_begin(struct progress *progress, const char *name, size_t total);

/* `done` of them have been. */
void progress_tell(struct progress *progress, size_t done);

/* Clears the line: before a message, and at the end. */
void progress_clear(struct progress *progress);

#endif
