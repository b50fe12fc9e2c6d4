/*
 * The library's own memory, by address, so that the finder leaves it out: a map's header copied
 * into our tables must never be taken for a map. Everything in this room maps through here.
 *
 *     ranges[]   ascending, neighbours merged:   | 7f00..7f40 | 7f80..7fc0 | ...
 *
 * Rules: a range is registered before anything is written to it and forgotten before it is unmapped
 * (the guest may map the same addresses a moment later); boot.c's rule for what libc is asked.
 */
#include "preload/hidden.h"

#include "finder/array.h"
#include "preload/lock.h"
#include "preload/shield.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

enum { HIDDEN_RANGES_MAX = 8192, HUGE_PAGE = 2 * 1024 * 1024 };

static struct memory_range ranges[HIDDEN_RANGES_MAX];
static size_t range_count;
static uint32_t lock;

/* The first range that ends at or after `address`. */
static size_t
hidden_search(uint64_t address)
{
	return array_below(ranges, range_count, sizeof(ranges[0]),
	                   offsetof(struct memory_range, end), address);
}

static int
hidden_insert(size_t at, struct memory_range range)
{
	if (range_count == HIDDEN_RANGES_MAX)
		return -1;
	memmove(&ranges[at + 1], &ranges[at], (range_count - at) * sizeof(ranges[0]));
	ranges[at] = range;
	range_count++;
	return 0;
}

static void
hidden_erase(size_t at)
{
	range_count--;
	memmove(&ranges[at], &ranges[at + 1], (range_count - at) * sizeof(ranges[0]));
}

static int
hidden_register(uint64_t start, uint64_t end)
{
	size_t at = hidden_search(start);

	if (at == range_count || ranges[at].start > end)
		return hidden_insert(at, (struct memory_range){ start, end });
	if (start < ranges[at].start)
		ranges[at].start = start;
	if (end > ranges[at].end)
		ranges[at].end = end;
	while (at + 1 < range_count && ranges[at + 1].start <= ranges[at].end) {
		if (ranges[at + 1].end > ranges[at].end)
			ranges[at].end = ranges[at + 1].end;
		hidden_erase(at + 1);
	}
	return 0;
}

/* Returns -1 where cutting a hole needs one more range than there is room for. */
static int
hidden_forget(uint64_t start, uint64_t end)
{
	size_t at = hidden_search(start + 1);
	struct memory_range found;

	if (at == range_count || ranges[at].start > start || ranges[at].end < end)
		return 0;
	found = ranges[at];
	if (found.start == start && found.end == end) {
		hidden_erase(at);
	} else if (found.start == start) {
		ranges[at].start = end;
	} else if (found.end == end) {
		ranges[at].end = start;
	} else {
		if (hidden_insert(at + 1, (struct memory_range){ end, found.end }))
			return -1;
		ranges[at].end = start;
	}
	return 0;
}

void *
hidden_map(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t signals;
	int result;

	if (at == MAP_FAILED)
		return NULL;
	signals = shield_enter(&lock);
	result = hidden_register((uintptr_t)at, (uintptr_t)at + size);
	shield_leave(signals, &lock);
	if (result) {
		munmap(at, size);
		errno = ENOMEM;
		return NULL;
	}
	return at;
}

/* A huge page is put only where all of it lies in the mapping. */
void *
hidden_map_huge(size_t size)
{
	uint8_t *at = hidden_map(size < HUGE_PAGE ? size : size + HUGE_PAGE);
	size_t before;

	if (!at || size < HUGE_PAGE)
		return at;
	before = -(uintptr_t)at % HUGE_PAGE;
	if (before)
		hidden_unmap(at, before);
	hidden_unmap(at + before + size, HUGE_PAGE - before);
	madvise(at + before, size, MADV_HUGEPAGE);

	return at + before;
}

void
hidden_unmap(void *at, size_t size)
{
	uint64_t signals;
	int result;

	signals = shield_enter(&lock);
	result = hidden_forget((uintptr_t)at, (uintptr_t)at + size);
	shield_leave(signals, &lock);
	if (result) /* keep the addresses ours, give the memory back */
		madvise(at, size, MADV_DONTNEED);
	else
		munmap(at, size);
}

void
hidden_add(uint64_t start, uint64_t end)
{
	uint64_t signals = shield_enter(&lock);

	hidden_register(start, end);
	shield_leave(signals, &lock);
}

size_t
hidden_copy(struct memory_range *into, size_t room)
{
	uint64_t signals;
	size_t count;

	signals = shield_enter(&lock);
	count = range_count < room ? range_count : room;
	memcpy(into, ranges, count * sizeof(ranges[0]));
	shield_leave(signals, &lock);
	return count;
}

void
hidden_lock(void)
{
	lock_take(&lock);
}

void
hidden_unlock(void)
{
	lock_release(&lock);
}

void
hidden_after_fork(void)
{
	lock_release(&lock);
}
