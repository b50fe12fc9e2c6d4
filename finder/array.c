/*
 * Growing arrays in anonymous mappings; see array.h. mremap moves page tables instead of bytes, so
 * doubling an array of any size costs next to nothing.
 */
#include "finder/array.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum {
	FRONT = 64,
	FIRST_ROOM_BYTES = 4096 - FRONT,
	DENSE_BYTES = 4 << 20, /* from here on a fault for each 4 KiB costs more than what it
	                        * brings */
};

void *
array_map(size_t size)
{
	if (size > SIZE_MAX - FRONT) {
		errno = ENOMEM;
		return NULL;
	}
	char *front = mmap(NULL, FRONT + size, PROT_READ | PROT_WRITE,
	                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (front == MAP_FAILED)
		return NULL;
	*(size_t *)front = FRONT + size;
	return front + FRONT;
}

void
array_unmap(void *at)
{
	if (!at)
		return;
	char *front = (char *)at - FRONT;
	munmap(front, *(size_t *)front);
}

/* A hint: errno and all else stay as they are where the kernel knows no large pages. */
static void
ask_for_large_pages(char *front)
{
	int before = errno;
	if (*(size_t *)front >= DENSE_BYTES)
		madvise(front, *(size_t *)front, MADV_HUGEPAGE);
	errno = before;
}

void *
array_map_dense(size_t size)
{
	char *at = array_map(size);
	if (at)
		ask_for_large_pages(at - FRONT);
	return at;
}

/* By doubling. */
int
array_grow(struct array *array, size_t size, size_t room)
{
	size_t bytes = array->room ? array->room * size : FIRST_ROOM_BYTES;
	size_t wanted;
	if (__builtin_mul_overflow(room, size, &wanted) || wanted > SIZE_MAX / 4) {
		errno = ENOMEM;
		return -1;
	}
	while (bytes < wanted)
		bytes *= 2;
	if (!array->at) {
		array->at = array_map(bytes);
		if (!array->at)
			return -1;
	} else {
		char *front = (char *)array->at - FRONT;
		front = mremap(front, *(size_t *)front, FRONT + bytes, MREMAP_MAYMOVE);
		if (front == MAP_FAILED)
			return -1;
		*(size_t *)front = FRONT + bytes;
		array->at = front + FRONT;
		ask_for_large_pages(front);
	}
	array->room = bytes / size;
	return 0;
}

static void
swap(char *restrict a, char *restrict b, size_t size)
{
	uint32_t *x = (uint32_t *)(void *)a, *y = (uint32_t *)(void *)b;
	for (size_t i = 0; i < size / sizeof(*x); i++) {
		uint32_t word = x[i];
		x[i] = y[i];
		y[i] = word;
	}
}

/* Lets record `root` of a heap of `count` sink to its place. */
static void
sink(char *at, size_t root, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	for (size_t child; (child = 2 * root + 1) < count; root = child) {
		if (child + 1 < count && compare(at + child * size, at + (child + 1) * size) < 0)
			child++;
		if (compare(at + root * size, at + child * size) >= 0)
			return;
		swap(at + root * size, at + child * size, size);
	}
}

/* In place. */
static void
sort_as_heap(char *at, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	for (size_t i = count / 2; i-- > 0;)
		sink(at, i, count, size, compare);
	for (size_t end = count; end-- > 1;) {
		swap(at, at + end * size, size);
		sink(at, 0, end, size, compare);
	}
}

/* Where the records stop to ascend that begin at `from`. */
static size_t
run_end(const char *at, size_t from, size_t count, size_t size,
        int (*compare)(const void *, const void *))
{
	size_t end = from < count ? from + 1 : count;
	while (end < count && compare(at + (end - 1) * size, at + end * size) <= 0)
		end++;
	return end;
}

/* Makes one ascending run of each two that follow each other. Returns how many there are then. */
static size_t
merge_runs(const char *from, char *to, size_t count, size_t size,
           int (*compare)(const void *, const void *))
{
	size_t runs = 0;
	for (size_t out = 0; out < count; runs++) {
		size_t left = out, middle = run_end(from, left, count, size, compare);
		size_t right = middle, end = run_end(from, middle, count, size, compare);
		for (; out < end; out++) {
			bool is_left = right == end ||
				(left < middle &&
				 compare(from + left * size, from + right * size) <= 0);
			memcpy(to + out * size, from + (is_left ? left++ : right++) * size, size);
		}
	}
	return runs;
}

/* What a search finds lies in few ascending runs, mostly in one. */
void
array_sort(struct array *array, size_t size, int (*compare)(const void *, const void *))
{
	char *at = array->at, *spare, *from = at, *to;
	if (run_end(at, 0, array->count, size, compare) == array->count)
		return;
	spare = array_map(array->count * size);
	if (!spare) {
		sort_as_heap(at, array->count, size, compare);
		return;
	}
	for (to = spare; merge_runs(from, to, array->count, size, compare) > 1;) {
		char *merged = to;
		to = from;
		from = merged;
	}
	if (to != at)
		memcpy(at, to, array->count * size);
	array_unmap(spare);
}

void
array_release(struct array *array)
{
	array_unmap(array->at);
	*array = (struct array){0};
}
