/*
 * The boot arena: a few mapped regions, each twice as large as the one before, filled from the
 * front.
 *
 *     region   | gap | size | block ....... | gap | size | block ... | free ...
 *                      8 B    aligned
 *
 * Called by the hooks only. Rules: a region is never unmapped and never moves, so a pointer is a
 * boot block if and only if it lies in a region; libc is asked for next to nothing, since what the
 * guest has in its place may not have begun (ThreadSanitizer's pthread_setcancelstate falls then).
 */
#include "preload/hooks/boot.h"

#include "preload/hidden.h"
#include "preload/lock.h"
#include "preload/shield.h"

#include <errno.h>
#include <string.h>

enum { BOOT_REGIONS_MAX = 24, BOOT_FIRST_SIZE = 64 * 1024, BOOT_ALIGNMENT = 16 };

struct boot_region {
	uintptr_t start, next, end;
};

uintptr_t boot_low, boot_high;
static struct boot_region regions[BOOT_REGIONS_MAX];
static size_t region_count;
static uint32_t lock;

static int
boot_grow(size_t at_least)
{
	size_t size = (size_t)BOOT_FIRST_SIZE << region_count;
	struct boot_region *region = &regions[region_count];

	while (size < at_least)
		size *= 2;
	if (region_count == BOOT_REGIONS_MAX)
		return -1;
	region->start = (uintptr_t)hidden_map(size);
	if (!region->start)
		return -1;
	region->next = region->start;
	region->end = region->start + size;
	if (!boot_low || region->start < boot_low)
		boot_low = region->start;
	if (region->end > boot_high)
		boot_high = region->end;
	__atomic_store_n(&region_count, region_count + 1, __ATOMIC_RELEASE);
	return 0;
}

/* From the newest region, or NULL when it does not fit there. */
static void *
boot_carve(size_t alignment, size_t size)
{
	struct boot_region *region;
	uintptr_t block;

	if (!region_count)
		return NULL;
	region = &regions[region_count - 1];
	block = (region->next + sizeof(size_t) + alignment - 1) & ~(uintptr_t)(alignment - 1);
	if (block > region->end || region->end - block < size)
		return NULL;
	((size_t *)block)[-1] = size;
	region->next = block + size;
	return (void *)block;
}

void *
boot_allocate(size_t alignment, size_t size)
{
	void *block = NULL;
	uint64_t signals;

	if (alignment < BOOT_ALIGNMENT)
		alignment = BOOT_ALIGNMENT;
	if (size > PTRDIFF_MAX / 4 || alignment > PTRDIFF_MAX / 4)
		goto out;
	signals = shield_enter(&lock);
	block = boot_carve(alignment, size);
	if (!block && !boot_grow(size + 2 * alignment))
		block = boot_carve(alignment, size);
	shield_leave(signals, &lock);
out:
	if (!block)
		errno = ENOMEM;
	return block;
}

size_t
boot_size(const void *block)
{
	return ((const size_t *)block)[-1];
}

void
boot_free(void *block)
{
	uintptr_t start = (uintptr_t)block;
	size_t size = boot_size(block);
	uint64_t signals = shield_enter(&lock);

	if (region_count && regions[region_count - 1].next == start + size &&
	    start >= regions[region_count - 1].start) {
		memset(block, 0, size); /* the next one is zeroed too */
		regions[region_count - 1].next = start - sizeof(size_t);
	}
	shield_leave(signals, &lock);
}

bool
boot_search(const void *block)
{
	size_t count = __atomic_load_n(&region_count, __ATOMIC_ACQUIRE);

	for (size_t i = 0; i < count; i++) {
		if ((uintptr_t)block >= regions[i].start && (uintptr_t)block < regions[i].end)
			return true;
	}
	return false;
}

void
boot_after_fork(void)
{
	lock_release(&lock);
}
