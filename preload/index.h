/*
 * A hash index from a pair of numbers to a number, in hidden memory: the whole pair is compared, so
 * that no record need be looked at to tell two of one hash apart. Finding takes no lock, may run
 * beside one thread that adds, and mostly asks for one cache line.
 */
#ifndef PRELOAD_INDEX_H
#define PRELOAD_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct index {
	struct index_table *table; /* replaced when it is outgrown */
	size_t count;
};

/* The value that (a, b) was added with, or 0. a is not 0. */
uint32_t index_find(const struct index *index, uint64_t a, uint32_t b);

/* Adds a value other than 0; without memory for it nothing is added. One thread at a time; the pair
 * is not in the index yet. */
void index_add(struct index *index, uint64_t a, uint32_t b, uint32_t value);

#endif
