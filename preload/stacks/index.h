/*
 * A hash index from a number to two others, in hidden memory. Finding takes no lock, may run beside
 * one thread that adds, and mostly asks for one cache line.
 *
 * The hash ("place") comes from the caller: what is looked for next can be fetched before its key
 * is known.
 */
#ifndef PRELOAD_STACKS_INDEX_H
#define PRELOAD_STACKS_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { INDEX_TABLES = 48 };

struct index_table {
	struct index_line *lines;
	size_t count; /* of lines */
};

struct index {
	uint32_t (*place)(uint64_t key); /* of what was added; asked while the index grows */
	struct index_table *table; /* the last of those below, each half as large again as the one
	                            * before */
	struct index_table tables[INDEX_TABLES];
	size_t count;
};

struct index_value {
	uint32_t value; /* never changes once it is there */
	uint32_t more;  /* may be set later */
};

/* Keys that differ in any bit get places that differ in about half of theirs. */
static inline uint32_t
index_mix(uint64_t key)
{
	uint64_t hash = key * UINT64_C(0x9e3779b97f4a7c15);

	hash = (hash ^ hash >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return (uint32_t)(hash >> 32);
}

/* Asks the processor to fetch what index_find will look at. */
void index_expect(const struct index *index, uint32_t place);

/* What was added with this key, which is not 0; a value of 0 where nothing was. */
struct index_value index_find(const struct index *index, uint32_t place, uint64_t key);

/* What was added at about this place with a key that ends in `low`, and that key; a value of 0
 * where the first line that it may lie in has none. */
struct index_value index_guess(const struct index *index, uint32_t place, uint32_t low,
                               uint64_t *key);

/* ---- one thread at a time */

/* Whether it should grow before more is added. */
bool index_is_crowded(const struct index *index);

/* Without memory for it all stays as it was, and there may still be room. */
void index_grow(struct index *index);
bool index_has_room(const struct index *index);

/* Grows where it should. False: there is no room for another key. */
bool index_reserve(struct index *index);

/* Adds a value other than 0, for which there is room; the key is not in the index yet. */
void index_add(struct index *index, uint32_t place, uint64_t key, struct index_value value);

/* Sets the second number of a key that is there. */
void index_set_more(struct index *index, uint32_t place, uint64_t key, uint32_t more);

#endif
