/*
 * How a test program says what is true of its maps: one JSON line for each map that lives, then the
 * snapshot "truth". The end-to-end tests hold maptrace's findings against these lines.
 */
#ifndef TEST_PROGRAMS_TRUTH_H
#define TEST_PROGRAMS_TRUTH_H

#include <inttypes.h>
#include <maptrace.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define TRUTH_UNTOLD UINT64_MAX

/* A map in its implementation's own words. Bytes are requested bytes. */
struct truth {
	const char *name;
	const char *where;     /* of the header: block, struct, stack, global, node */
	uintptr_t address;     /* of the header */
	uint64_t count;
	uint64_t buckets;      /* slots of the bucket array */
	uint64_t capacity;     /* entries that fit before it grows; 0: not told */
	uint64_t bucket_bytes; /* of the bucket arrays */
	uint64_t node_bytes;   /* of chain nodes, or of the user's entries where they are the
	                        * nodes */
	uint64_t value_bytes;  /* of out-of-line keys and values, or TRUTH_UNTOLD */
	uint64_t needed_bytes; /* what a fresh map held after the same entries, or TRUTH_UNTOLD */
	bool inserts_only;     /* nothing was ever removed, nor asked for in advance */
};

static inline void
truth_print(const struct truth *truth)
{
	printf("{\"name\": \"%s\", \"where\": \"%s\", \"address\": \"0x%" PRIxPTR
	       "\", \"count\": %" PRIu64 ", \"buckets\": %" PRIu64,
	       truth->name, truth->where, truth->address, truth->count, truth->buckets);
	if (truth->capacity > 0)
		printf(", \"capacity\": %" PRIu64, truth->capacity);
	printf(", \"bucket_bytes\": %" PRIu64 ", \"node_bytes\": %" PRIu64, truth->bucket_bytes,
	       truth->node_bytes);
	if (truth->value_bytes != TRUTH_UNTOLD)
		printf(", \"value_bytes\": %" PRIu64, truth->value_bytes);
	if (truth->needed_bytes != TRUTH_UNTOLD)
		printf(", \"needed_bytes\": %" PRIu64, truth->needed_bytes);
	printf(", \"inserts_only\": %s, \"live\": true}\n", truth->inserts_only ? "true" : "false");
}

/* All is said and every map still lives. */
static inline void
truth_end(void)
{
	fflush(stdout);
	maptrace_mark("truth");
}

#endif
