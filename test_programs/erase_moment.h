/*
 * Snapshots at the very moments of a removal: a destructor or a free() of the map's own makes a
 * mark. Each prints a JSON line with the mark's label and what the map truly holds then, so that
 * the end-to-end tests can tell a map that is found wrong from one that is found or refused.
 */
#ifndef TEST_PROGRAMS_ERASE_MOMENT_H
#define TEST_PROGRAMS_ERASE_MOMENT_H

#include <inttypes.h>
#include <maptrace.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What a moment belongs to: set before the removal, used once by what happens inside. */
struct erase_moment {
	const char *which;  /* first, middle, last, clear; NULL: no mark wanted */
	uintptr_t address;  /* of the header */
	uint64_t linked;    /* entries that the map still reaches */
	uint64_t counted;   /* entries that its header counts */
};

/* Marks the moment as "WHICH WHERE". */
static inline void
erase_moment_mark(struct erase_moment *moment, const char *where)
{
	char label[64];
	if (moment->which == NULL)
		return;
	snprintf(label, sizeof(label), "%s %s", moment->which, where);
	printf("{\"label\": \"%s\", \"address\": \"0x%" PRIxPTR "\", \"linked\": %" PRIu64
	       ", \"counted\": %" PRIu64 "}\n",
	       label, moment->address, moment->linked, moment->counted);
	fflush(stdout);
	maptrace_mark(label);
}

#endif
