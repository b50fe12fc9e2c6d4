/*
 * A word for every 16 bytes of memory that the guest's allocator hands out: what is known of a block
 * is found from its address alone, and what belongs to neighbours lies side by side.
 *
 *     address   | region | page | granule | 4 bits |
 *                   |       |       '-------------.
 *                   |       '--> touched: bit      |
 *                   '--> slots[] --> words --------+--> word
 *
 * A region (1 MiB) has 256 KiB of words, of which only the touched pages exist: one of 4 KiB for each
 * 16 KiB of blocks. Called by ledger.c at every event, within a change.
 */
#ifndef PRELOAD_SHADOW_H
#define PRELOAD_SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SHADOW_GRANULE = 16,
	SHADOW_PAGE_WORDS = 1024, /* words are given back by the page */
	SHADOW_PAGE = SHADOW_PAGE_WORDS * SHADOW_GRANULE,
	SHADOW_PAGES = 64,
	SHADOW_REGION = SHADOW_PAGES * SHADOW_PAGE,
};

struct shadow_region {
	uint64_t key;     /* its number + 1; 0: a free slot; stored last */
	uint32_t *words;
	uint64_t touched; /* by page: whether any of its words was ever asked for by shadow_make */
	uint64_t unused;  /* two slots a cache line */
};

/* At most half full. Where it grows the slots are stored before the mask, and the mask is read
 * first: an old mask with the new slots does not find what is there, and looks again under the lock. */
struct shadow_regions {
	size_t mask;
	struct shadow_region *slots;
};

extern struct shadow_regions shadow_regions;

/* The slot of this region, or the free one where it belongs. */
static inline struct shadow_region *
shadow_slot(const struct shadow_regions *table, uint64_t key)
{
	size_t mask = __atomic_load_n(&table->mask, __ATOMIC_ACQUIRE);
	struct shadow_region *slots = __atomic_load_n(&table->slots, __ATOMIC_ACQUIRE);
	size_t at = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & mask;
	uint64_t found;

	while ((found = __atomic_load_n(&slots[at].key, __ATOMIC_ACQUIRE)) != key && found)
		at = (at + 1) & mask;
	return &slots[at];
}

/* The word of this address; NULL: none of its page was ever made. Takes no lock. */
static inline __attribute__((always_inline)) uint32_t *
shadow_find(uint64_t address)
{
	const struct shadow_region *region =
	    shadow_slot(&shadow_regions, address / SHADOW_REGION + 1);

	if (__builtin_expect(!(__atomic_load_n(&region->touched, __ATOMIC_RELAXED) >>
	                       address % SHADOW_REGION / SHADOW_PAGE & 1), 0))
		return NULL;
	return &region->words[address % SHADOW_REGION / SHADOW_GRANULE];
}

/* The same; makes the page, all words 0, if there is none. NULL: no memory for it. */
uint32_t *shadow_make(uint64_t address);

/* Calls `visit` for each page that is there: its words and the address that the first stands for.
 * Where nothing changes: in a frozen child or with changes stopped. */
void shadow_each(void (*visit)(const uint32_t *words, uint64_t address, void *context),
                 void *context);

/* Gives the memory of pages whose words are all 0 back to the system. Looks through all of them, and
 * stops changes for some microseconds for each 64 that it gives back. */
void shadow_trim(void);

/* In a forked child no lock can be trusted. */
void shadow_after_fork(void);

#endif
