/*
 * A word for every 16 bytes of memory that the guest's allocator hands out: what is known of a
 * block is found from its address alone, and what belongs to neighbours lies side by side.
 *
 *     address   | window 12 | region 16 | page 6 | granule 10 | 4 |
 *                    |           |          |          '-------.
 *                    |           |          '--> touched: bit   |
 *                    |           '--> regions[] --> words ------+--> word
 *                    '--> shadow_windows[]
 *
 * Allocators other than glibc's hand out blocks of 8 bytes, and some of 24 or 40, that begin in the
 * middle of a granule. Those have words of their own, in a second plane of windows: all that is
 * asked here is asked of a place, which is an address, or lies so far behind all addresses.
 *
 *     place     | plane 1 | window 12 | region 16 | page 6 | granule 10 | 0 |
 *
 * A region (1 MiB) has 256 KiB of words, of which only the touched pages exist: one of 4 KiB for
 * each 16 KiB of blocks. A window (64 GiB) is 1 MiB of addresses, 4 KiB of memory for each 256 MiB
 * of heap. Called by ledger.c at every event, within a change.
 */
#ifndef PRELOAD_LEDGER_SHADOW_H
#define PRELOAD_LEDGER_SHADOW_H

#include "preload/hold.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SHADOW_GRANULE = 16,
	SHADOW_PAGE_WORDS = 1024, /* words are given back by the page */
	SHADOW_PAGE = SHADOW_PAGE_WORDS * SHADOW_GRANULE,
	SHADOW_PAGES = 64,
	SHADOW_REGION = SHADOW_PAGES * SHADOW_PAGE,
	SHADOW_REGION_WORDS = SHADOW_REGION / SHADOW_GRANULE,
	SHADOW_WINDOW_REGIONS = 1 << 16,
	SHADOW_WINDOWS = 1 << 12, /* of a plane */
	SHADOW_PLANES = 2,
	SHADOW_STEP = SHADOW_GRANULE / SHADOW_PLANES, /* from a plane's address to the next one's */
};

#define SHADOW_WINDOW ((uint64_t)SHADOW_WINDOW_REGIONS * SHADOW_REGION)
#define SHADOW_END (SHADOW_WINDOWS * SHADOW_WINDOW) /* of the addresses that can have words */

struct shadow_region {
	uint32_t *words;  /* never move */
	uint64_t touched; /* by page: whether any of its words was ever asked for by shadow_make */
};

struct shadow_window {
	struct shadow_region regions[SHADOW_WINDOW_REGIONS];
	uint32_t first, end; /* those that have words lie in between */
};

extern OWN struct shadow_window *shadow_windows[SHADOW_PLANES * SHADOW_WINDOWS];

/* Whether there can be a word of this address. */
static inline bool
shadow_has_place(uint64_t address)
{
	return address < SHADOW_END && address % SHADOW_STEP == 0;
}

static inline uint64_t
shadow_place(uint64_t address)
{
	uint64_t into = address % SHADOW_GRANULE;

	return into / SHADOW_STEP * SHADOW_END + (address - into);
}

static inline uint64_t
shadow_address(uint64_t place)
{
	return place % SHADOW_END + place / SHADOW_END * SHADOW_STEP;
}

/* Whether an address is its own place: the first of a granule, and not beyond all words. */
static inline __attribute__((always_inline)) bool
shadow_covers(uint64_t address)
{
	return (address / SHADOW_GRANULE | address << 60) < SHADOW_END / SHADOW_GRANULE;
}
_Static_assert(SHADOW_GRANULE == 1 << (64 - 60), "what is below a granule comes out on top");

/* NULL: none of its window was ever made. */
static inline __attribute__((always_inline)) const struct shadow_region *
shadow_region(uint64_t place)
{
	const struct shadow_window *window =
	    __atomic_load_n(&shadow_windows[place / SHADOW_WINDOW], __ATOMIC_ACQUIRE);

	return __builtin_expect(window != NULL, 1) ?
	       &window->regions[place / SHADOW_REGION % SHADOW_WINDOW_REGIONS] : NULL;
}

/* The word of a place; NULL: none of its page was ever made. Takes no lock. */
static inline __attribute__((always_inline)) uint32_t *
shadow_find(uint64_t place)
{
	const struct shadow_region *region = shadow_region(place);
	uint32_t *words;

	if (__builtin_expect(!region, 0))
		return NULL;
	HOLD(region);
	if (__builtin_expect(!(__atomic_load_n(&region->touched, __ATOMIC_ACQUIRE) >>
	                       place / SHADOW_PAGE % SHADOW_PAGES & 1), 0))
		return NULL;
	words = region->words; /* there before the first touched bit */
	HOLD(words);
	return &words[place / SHADOW_GRANULE % SHADOW_REGION_WORDS];
}

/* The same for who only asks what stands there: a word whose page was never made reads 0. */
static inline __attribute__((always_inline)) uint32_t *
shadow_peek(uint64_t place)
{
	const struct shadow_region *region = shadow_region(place);
	uint32_t *words;

	if (__builtin_expect(!region, 0))
		return NULL;
	words = __atomic_load_n(&region->words, __ATOMIC_ACQUIRE);
	if (__builtin_expect(!words, 0))
		return NULL;
	return &words[place / SHADOW_GRANULE % SHADOW_REGION_WORDS];
}

/* As shadow_find; makes the page, all words 0, if there is none. NULL: no memory for it. */
uint32_t *shadow_make(uint64_t place);

/* Calls `visit` for each page that is there: its words and the address that the first stands for,
 * the others for each 16 bytes from there; plane by plane, in order of address. Where nothing
 * changes: in a frozen child or with changes stopped. */
void shadow_each(void (*visit)(const uint32_t *words, uint64_t address, void *context),
                 void *context);

/* The same in a copy of the guest that has no use for the words afterwards: each region's memory is
 * given back once it was visited, so that the copy never needs room for both. */
void shadow_drain(void (*visit)(const uint32_t *words, uint64_t address, void *context),
                  void *context);

/* Gives the memory of pages whose words are all 0 back to the system. Looks through all of them,
 * and stops changes for some microseconds for each 64 that it gives back. */
void shadow_trim(void);

/* In a forked child no lock can be trusted. */
void shadow_after_fork(void);

#endif
