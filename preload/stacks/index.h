/*
 * A hash index from a number to another, in hidden memory. Finding takes no lock, may run beside
 * one thread that adds, and mostly asks for one cache line.
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
	struct index_table *table; /* the last of those below, each larger than the one before; see
	                            * lines.h */
	struct index_table tables[INDEX_TABLES];
	size_t count;
};

/* What was added with this key, which is not 0; 0 where nothing was. */
uint32_t index_find(const struct index *index, uint64_t key);

/* ---- one thread at a time */

/* Grows where it should. False: there is no room for another key. */
bool index_reserve(struct index *index);

/* Adds a value other than 0, for which there is room; the key is not in the index yet. */
void index_add(struct index *index, uint64_t key, uint32_t value);

#endif
