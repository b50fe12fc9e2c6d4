/*
 * Twins for the end-to-end test of what a map needs: one that was filled far beyond and emptied to
 * the same entries as a fresh one. Their program prints a JSON line for each pair; what maptrace says
 * that the first needs must be what the second holds.
 */
#ifndef TEST_PROGRAMS_NEEDED_H
#define TEST_PROGRAMS_NEEDED_H

#include <inttypes.h>
#include <maptrace.h>
#include <stdint.h>
#include <stdio.h>

#define NEEDED_TO UINT64_C(5000)   /* the largest pair */
#define NEEDED_FROM UINT64_C(6000) /* entries that the first of each pair once held */

/* The next count to try: each up to 60, then some 8 % apart, up to NEEDED_TO. */
static inline uint64_t
needed_after(uint64_t count)
{
	uint64_t next = count + 1 + (count > 60 ? count / 12 : 0);
	return count < NEEDED_TO && next > NEEDED_TO ? NEEDED_TO : next;
}

static inline void
needed_tell(const char *name, uint64_t count, const void *emptied, const void *fresh)
{
	printf("{\"name\": \"%s\", \"count\": %" PRIu64 ", \"emptied\": \"0x%" PRIxPTR
	       "\", \"fresh\": \"0x%" PRIxPTR "\"}\n",
	       name, count, (uintptr_t)emptied, (uintptr_t)fresh);
}

static inline void
needed_end(void)
{
	fflush(stdout);
	maptrace_mark("needed");
}

#endif
