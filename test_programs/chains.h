/*
 * What a chained map says itself of its buckets, as a JSON line, for the end-to-end test of chain
 * lengths.
 */
#ifndef TEST_PROGRAMS_CHAINS_H
#define TEST_PROGRAMS_CHAINS_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

struct chains {
	uint64_t count;
	uint64_t used;    /* buckets that hold entries */
	uint64_t longest; /* most entries in one of them */
};

static inline void
chains_add_bucket(struct chains *chains, uint64_t entries)
{
	chains->count += entries;
	chains->used += entries > 0;
	if (entries > chains->longest)
		chains->longest = entries;
}

static inline void
chains_tell(const char *name, const void *header, const struct chains *chains)
{
	printf("{\"name\": \"%s\", \"address\": \"0x%" PRIxPTR "\", \"count\": %" PRIu64
	       ", \"used\": %" PRIu64 ", \"longest\": %" PRIu64 "}\n",
	       name, (uintptr_t)header, chains->count, chains->used, chains->longest);
}

#endif
