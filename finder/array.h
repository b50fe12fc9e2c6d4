/*
 * The finder's own memory: anonymous mappings, zeroed, each with its size in front, and arrays in
 * them that grow. Used by all of finder/, because it runs where malloc must not be called.
 *
 *     mapping: | bytes mapped (64 B) | records ...
 *
 * What must never break: growing may move an array, so no pointer into one lives across an add.
 */
#ifndef FINDER_ARRAY_H
#define FINDER_ARRAY_H

#include <stddef.h>

/* `size` zeroed bytes, or NULL with errno. Untouched pages cost nothing. */
void *array_map(size_t size);
void array_unmap(void *at); /* NULL is fine */

/* The same for bytes that will all be written soon: large pages, where the kernel has some. */
void *array_map_dense(size_t size);

struct array {
	void *at;
	size_t count, room; /* records */
};

/* Appends `more` zeroed records of `size` bytes and returns the first, or NULL with errno. The
 * record size of one array is the same in every call. */
void *array_add(struct array *array, size_t size, size_t more);

/* Ascending order by `compare` (below 0: a comes first). In place, no worst case; not stable. The
 * size of a record is a multiple of 4. */
void array_sort(struct array *array, size_t size, int (*compare)(const void *a, const void *b));

void array_release(struct array *array);

#endif
