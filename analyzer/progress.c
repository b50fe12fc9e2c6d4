/*
 * One line on the terminal that is written over itself. Called by check and report between two
 * traces. Rule: whoever prints to standard error clears the line first.
 */
#include "analyzer/progress.h"

#include "analyzer/clock.h"

#include <stdio.h>
#include <unistd.h>

#define FIRST_NS    UINT64_C(1000000000)
#define INTERVAL_NS UINT64_C(100000000)

void
progress_begin(struct progress *progress, const char *name, size_t total)
{
	*progress = (struct progress){
	    .name = name,
	    .total = total,
	    .next_ns = clock_now_ns(CLOCK_MONOTONIC) + FIRST_NS,
	    .is_terminal = isatty(STDERR_FILENO) == 1,
	};
}

void
progress_tell(struct progress *progress, size_t done)
{
	uint64_t now = progress->is_terminal ? clock_now_ns(CLOCK_MONOTONIC) : 0;

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
