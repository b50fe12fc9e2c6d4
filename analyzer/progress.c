/*
 * One line on the terminal that is written over itself. Called by check and report between two
 * traces. Rule: whoever prints to standard error clears the line first.
 */
#include "analyzer/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define FIRST_NS    UINT64_C(1000000000)
#define INTERVAL_NS UINT64_C(100000000)

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void
progress_begin(struct progress *progress, const char *name, size_t total)
{
	*progress = (struct progress){
	    .name = name,
	    .total = total,
	    .next_ns = now_ns() + FIRST_NS,
	    .is_terminal = isatty(STDERR_FILENO) == 1,
	};
}

void
progress_tell(struct progress *progress, size_t done)
{
	uint64_t now = progress->is_terminal ? now_ns() : 0;

	if (!progress->is_terminal || now < progress->next_ns)
		return;
	progress->next_ns = now + INTERVAL_NS;
	progress->is_shown = true;
	fprintf(stderr, "\rmaptrace %s: %zu of %zu traces\033[K", progress->name, done,
		progress->total);
}

void
progress_clear(struct progress *progress)
{
	if (progress->is_shown)
		fputs("\r\033[K", stderr);
	progress->is_shown = false;
}
