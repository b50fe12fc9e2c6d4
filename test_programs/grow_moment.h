/*
 * A C++ map in the middle of its growth: the program's operators new and delete make a mark where
 * an array is asked for and where the old one is given back. Like erase_moment.h, with which the
 * end-to-end test tells a map that is found wrong from one that is found or refused.
 */
#ifndef TEST_PROGRAMS_GROW_MOMENT_H
#define TEST_PROGRAMS_GROW_MOMENT_H

#include "test_programs/erase_moment.h"

#include <cstdlib>
#include <malloc.h>
#include <new>

enum { GROW_ARRAY = 4096, GROW_FROM = 1000 }; /* larger blocks are arrays; entries at least */

static erase_moment moment;

__attribute__((noinline)) void *
operator new(size_t size)
{
	if (size >= GROW_ARRAY)
		erase_moment_mark(&moment, "allocated");
	void *block = malloc(size);
	if (block == nullptr)
		abort();
	return block;
}

__attribute__((noinline)) void
operator delete(void *block) noexcept
{
	if (malloc_usable_size(block) >= GROW_ARRAY)
		erase_moment_mark(&moment, "freed");
	free(block);
}

__attribute__((noinline)) void
operator delete(void *block, size_t) noexcept
{
	operator delete(block);
}

/* How many entries a map has when the next one makes it grow. */
template <class Map>
static uint64_t
grow_at()
{
	Map map;
	uint64_t count = 0;
	size_t buckets = 0;
	while (count < GROW_FROM || map.bucket_count() == buckets) {
		buckets = map.bucket_count();
		map[count++] = 1;
	}
	return count - 1;
}

/* Where the header is: the object itself, unless a program says otherwise of its maps. */
static inline uintptr_t
grow_header(const volatile void *map)
{
	return reinterpret_cast<uintptr_t>(map);
}

template <class Map>
static int
grow()
{
	static Map map;
	uint64_t count = grow_at<Map>();
	for (uint64_t key = 0; key < count; key++)
		map[key] = key;
	moment = {"growing", grow_header(&map), count, count};
	map[count] = count;
	moment.which = nullptr;
	return 0;
}

#endif
