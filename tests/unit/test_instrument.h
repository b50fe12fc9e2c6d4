/*
 * The instruments of tests/instruments.mk see less than the machine does: what asks one of them for
 * more than it can answer is skipped under it, and says why where it does. tests/run counts what
 * was skipped.
 */
#ifndef TEST_INSTRUMENT_H
#define TEST_INSTRUMENT_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* "thread" or "valgrind", as make and tests/run tell. */
static inline bool
is_under(const char *instrument)
{
	const char *under = getenv("INSTRUMENT");

	return under && strcmp(under, instrument) == 0;
}

#endif
