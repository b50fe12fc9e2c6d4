/*
 * A hash index from a 64-bit hash to a number, for records that live in the trace. Finding takes no
 * lock and may run beside one thread that adds. Where two records have one hash, `is_it` tells.
 */
#ifndef PRELOAD_INDEX_H
#define PRELOAD_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct index_entry {
	uint64_t hash;  /* 0: free; stored last */
	uint32_t value;
	uint32_t note;  /* the caller's */
};

struct index {
	struct index_table *table; /* replaced when it is outgrown; the old one stays mapped */
	size_t count;
};

/* The first entry of this hash whose value is_it accepts, or NULL. */
struct index_entry *index_find(const struct index *index, uint64_t hash,
                               bool (*is_it)(uint32_t value, const void *context),
                               const void *context);

/* Adds; without memory for it nothing is added, and the record is looked at again at next sight. One
 * thread at a time. */
void index_add(struct index *index, uint64_t hash, uint32_t value, uint32_t note);

#endif
