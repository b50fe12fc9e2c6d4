/*
 * Memory for allocations that come before the next allocator is known: what dlsym itself asks for
 * while the next definitions are looked up. Blocks stay valid for ever and are known by address, so
 * that free, realloc and malloc_usable_size are right for them at any later time.
 */
#ifndef PRELOAD_HOOKS_BOOT_H
#define PRELOAD_HOOKS_BOOT_H

#include "preload/hold.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern OWN uintptr_t boot_low, boot_high; /* all boot blocks lie in between; 0, 0: none was made */

/* Zeroed; `alignment` a power of two. NULL with ENOMEM. */
void *boot_allocate(size_t alignment, size_t size);

/* The size that was asked for. */
size_t boot_size(const void *block);

/* A boot block's memory is used again if it was the last one made. */
void boot_free(void *block);

bool boot_search(const void *block);

static inline bool
boot_owns(const void *block)
{
	uintptr_t address = (uintptr_t)block;

	if (__builtin_expect(address < boot_low || address >= boot_high, 1))
		return false;
	return boot_search(block);
}

void boot_after_fork(void);

#endif
