/*
 * What an open-addressed map says itself of its searches, as a JSON line, for the end-to-end test
 * of probe lengths.
 */
#ifndef TEST_PROGRAMS_PROBES_H
#define TEST_PROGRAMS_PROBES_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct probes {
	uint64_t count;
	uint64_t all;     /* places that searches look at, each entry sought once */
	uint64_t longest; /* most for one of them */
};

static inline void
probes_add_search(struct probes *probes, uint64_t places)
{
	probes->count++;
	probes->all += places;
	if (places > probes->longest)
		probes->longest = places;
}

/* `is_known`: that maptrace can know it too. */
static inline void
probes_tell(const char *name, const void *header, const struct probes *probes, bool is_known)
{
	printf("{\"name\": \"%s\", \"address\": %" PRIuPTR ", \"count\": %" PRIu64
	       ", \"all\": %" PRIu64 ", \"longest\": %" PRIu64 ", \"is_known\": %s}\n",
	       name, (uintptr_t)header, probes->count, probes->all, probes->longest,
	       is_known ? "true" : "false");
}

#endif
