/*
 * khash with allocation functions that count: what tables hold, and the most while one is changed.
 * The size of each block stands in a list beside, so that the blocks are what khash asked for.
 */
#ifndef TEST_PROGRAMS_KHASH_COUNTED_H
#define TEST_PROGRAMS_KHASH_COUNTED_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

enum { COUNTED_MAX = 4096 };

static struct {
	void *block;
	size_t size;
} counted[COUNTED_MAX];
static size_t counted_live, counted_peak;

/* The place of a block in the list, or with NULL a free one. */
static size_t
counted_find(const void *block)
{
	size_t i = 0;
	while (i < COUNTED_MAX && counted[i].block != block)
		i++;
	if (i == COUNTED_MAX)
		abort();
	return i;
}

static void *
counted_set(size_t place, void *block, size_t size)
{
	if (block == NULL && size > 0)
		abort();
	counted_live += size - counted[place].size;
	counted_peak = counted_live > counted_peak ? counted_live : counted_peak;
	counted[place].block = block;
	counted[place].size = size;
	return block;
}

static inline void *
counted_malloc(size_t size)
{
	return counted_set(counted_find(NULL), malloc(size), size);
}

static inline void *
counted_calloc(size_t count, size_t size)
{
	return counted_set(counted_find(NULL), calloc(count, size), count * size);
}

static inline void *
counted_realloc(void *block, size_t size)
{
	size_t place = counted_find(block);
	return counted_set(place, realloc(block, size), size);
}

static inline void
counted_free(void *block)
{
	if (block != NULL)
		counted_set(counted_find(block), NULL, 0);
	free(block);
}

#define kmalloc(size) counted_malloc(size)
#define kcalloc(count, size) counted_calloc(count, size)
#define krealloc(block, size) counted_realloc(block, size)
#define kfree(block) counted_free(block)

#endif
