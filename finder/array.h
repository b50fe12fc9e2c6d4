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
#include <stdint.h>
#include <string.h>

/* `size` zeroed bytes, or NULL with errno. Untouched pages cost nothing. */
void *array_map(size_t size);
void array_unmap(void *at); /* NULL is fine */

/* The same for bytes that will all be written soon: large pages, where the kernel has some. */
void *array_map_dense(size_t size);

struct array {
	void *at;
	size_t count, room; /* records */
};

/* Makes room for at least `room` records of `size` bytes. Returns 0, or -1 with errno. */
int array_grow(struct array *array, size_t size, size_t room);

/* Appends `more` zeroed records of `size` bytes and returns the first, or NULL with errno. The
 * record size of one array is the same in every call. */
static inline void *
array_add(struct array *array, size_t size, size_t more)
{
	if (more > array->room - array->count &&
	    array_grow(array, size, array->count + more) != 0)
		return NULL;
	char *first = (char *)array->at + array->count * size;
	memset(first, 0, more * size); /* an array that was cut short may be dirty here */
	array->count += more;
	return first;
}

/* Ascending order by `compare` (below 0: a comes first). No worst case, and in place where there is
 * no memory for a second copy; not stable. The size of a record is a multiple of 4. */
void array_sort(struct array *array, size_t size, int (*compare)(const void *a, const void *b));

void array_release(struct array *array);

/* How many of `count` records of `size` bytes, ascending by the uint64_t that each has at `offset`,
 * have one of at most `key` there. `records` may be NULL where there are none. */
static inline size_t
array_up_to(const void *records, size_t count, size_t size, size_t offset, uint64_t key)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *record = (const char *)records + middle * size;
		if (*(const uint64_t *)(const void *)(record + offset) <= key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The same for those below `key`. */
static inline size_t
array_below(const void *records, size_t count, size_t size, size_t offset, uint64_t key)
{
	return key ? array_up_to(records, count, size, offset, key - 1) : 0;
}

#endif
