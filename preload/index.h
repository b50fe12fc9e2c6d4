/*
 * A hash index from a pair of numbers to a number, in hidden memory: the whole pair is compared, so
 * that no record need be looked at to tell two of one hash apart. Finding takes no lock, may run
 * beside one thread that adds, and mostly asks for one cache line.
 *
 * The hash ("place") comes from the caller: what is looked for next can be fetched before the pair is
 * known.
 */
#ifndef PRELOAD_INDEX_H
#define PRELOAD_INDEX_H

#include <stddef.h>
#include <stdint.h>

enum { INDEX_TABLES = 24 };

struct index_table {
	struct index_line *lines;
	size_t mask; /* of lines */
};

struct index {
	uint32_t (*place)(uint64_t a, uint32_t b); /* of what has been added */
	struct index_table *table; /* the last of those below, each twice as large as the one before */
	struct index_table tables[INDEX_TABLES];
	size_t count;
};

/* Numbers that differ in any bit get places that differ in about half of theirs. */
static inline uint32_t
index_mix(uint64_t a, uint32_t b)
{
	uint64_t hash = (a ^ (uint64_t)b << 32) * UINT64_C(0x9e3779b97f4a7c15);

	hash = (hash ^ hash >> 32 ^ b) * UINT64_C(0xd6e8feb86659fd93);
	return (uint32_t)(hash >> 32);
}

/* Asks the processor to fetch what index_find will look at. */
void index_expect(const struct index *index, uint32_t place);

/* The value that (a, b) was added with, or 0. a is not 0. */
uint32_t index_find(const struct index *index, uint32_t place, uint64_t a, uint32_t b);

/* Adds a value other than 0; without memory for it nothing is added. One thread at a time; the pair
 * is not in the index yet. */
void index_add(struct index *index, uint64_t a, uint32_t b, uint32_t value);

#endif
