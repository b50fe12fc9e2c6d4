/*
 * The regions: a hash table that grows, and leaves of words that are mapped as the heap grows into
 * them. Called by ledger.c.
 *
 * Rules: a region's words are stored before its key and never move; an outgrown table stays mapped,
 * since a reader may still be in it, and its `touched` may lag: a page that looks untouched is
 * looked for again under the lock. A page is given back with changes stopped, where it is seen empty
 * once more: a word that got lost would be a wrong report.
 */
#include "preload/shadow.h"

#include "preload/change.h"
#include "preload/hidden.h"
#include "preload/lock.h"
#include "preload/shield.h"

#include <sys/mman.h>

enum {
	LEAF_SIZE = SHADOW_REGION / SHADOW_GRANULE * sizeof(uint32_t),
	LEAVES_AT_ONCE_MAX = 64, /* few mappings, also where the heap is large and scattered */
	TABLE_FIRST = 256,
	TRIM_AT_ONCE = 64,
};

static struct shadow_region no_region; /* of the empty table */
struct shadow_regions shadow_regions = { .slots = &no_region };
static size_t region_count;
static uint32_t *spare_leaves;
static size_t spare_count;
static uint32_t lock;

static void
region_put(const struct shadow_regions *table, const struct shadow_region *region)
{
	struct shadow_region *slot = shadow_slot(table, region->key);

	slot->words = region->words;
	slot->touched = region->touched;
	__atomic_store_n(&slot->key, region->key, __ATOMIC_RELEASE);
}

static bool
regions_grow(void)
{
	struct shadow_regions old = shadow_regions, table;
	size_t slots = old.mask ? (old.mask + 1) * 2 : TABLE_FIRST;

	table.mask = slots - 1;
	table.slots = hidden_map(slots * sizeof(table.slots[0]));
	if (!table.slots)
		return false;
	for (size_t i = 0; i <= old.mask; i++) {
		if (old.slots[i].key)
			region_put(&table, &old.slots[i]);
	}
	__atomic_store_n(&shadow_regions.slots, table.slots, __ATOMIC_RELEASE);
	__atomic_store_n(&shadow_regions.mask, table.mask, __ATOMIC_RELEASE);
	return true;
}

/* As many leaves at once as there are already; one, where memory is scarce. */
static uint32_t *
leaf_take(void)
{
	size_t many = region_count < LEAVES_AT_ONCE_MAX ? region_count : LEAVES_AT_ONCE_MAX;
	uint32_t *leaf;

	if (!spare_count) {
		spare_count = many > 1 ? many : 1;
		spare_leaves = hidden_map(spare_count * LEAF_SIZE);
		if (!spare_leaves) {
			spare_count = 1;
			spare_leaves = hidden_map(LEAF_SIZE);
		}
	}
	leaf = spare_leaves;
	spare_count = leaf ? spare_count - 1 : 0;
	spare_leaves = leaf ? leaf + LEAF_SIZE / sizeof(*leaf) : NULL;
	return leaf;
}

/* The region's slot in the present table, made where there is none; NULL: no memory. */
static struct shadow_region *
region_make(uint64_t key)
{
	struct shadow_region made = { .key = key }, *slot;

	if (region_count >= (shadow_regions.mask + 1) / 2 && !regions_grow())
		return NULL;
	slot = shadow_slot(&shadow_regions, key);
	if (slot->key)
		return slot;
	made.words = leaf_take();
	if (!made.words)
		return NULL;
	region_put(&shadow_regions, &made);
	region_count++;
	return slot;
}

static __attribute__((noinline)) uint32_t *
shadow_add(uint64_t address)
{
	struct shadow_region *region;
	struct shield shield;

	shield_raise(&shield);
	lock_take(&lock);
	region = region_make(address / SHADOW_REGION + 1);
	if (region)
		__atomic_fetch_or(&region->touched,
		                  UINT64_C(1) << address % SHADOW_REGION / SHADOW_PAGE,
		                  __ATOMIC_RELEASE);
	lock_release(&lock);
	shield_lower(&shield);
	return region ? shadow_find(address) : NULL;
}

uint32_t *
shadow_make(uint64_t address)
{
	uint32_t *word = shadow_find(address);

	return __builtin_expect(word != NULL, 1) ? word : shadow_add(address);
}

static inline uint32_t *
page_words(const struct shadow_region *region, unsigned page)
{
	return region->words + (size_t)page * SHADOW_PAGE_WORDS;
}

void
shadow_each(void (*visit)(const uint32_t *words, uint64_t address, void *context), void *context)
{
	for (size_t i = 0; i <= shadow_regions.mask; i++) {
		const struct shadow_region *region = &shadow_regions.slots[i];

		if (!region->key)
			continue;
		for (unsigned page = 0; page < SHADOW_PAGES; page++)
			if (region->touched >> page & 1)
				visit(page_words(region, page), (region->key - 1) * SHADOW_REGION +
				      (uint64_t)page * SHADOW_PAGE, context);
	}
}

/* ---- giving back */

struct page {
	uint64_t key;
	unsigned number;
};

static bool
page_is_empty(const uint32_t *words)
{
	uint32_t any = 0;

	for (unsigned i = 0; i < SHADOW_PAGE_WORDS && !any; i += 16)
		for (unsigned j = 0; j < 16; j++)
			any |= __atomic_load_n(&words[i + j], __ATOMIC_RELAXED);
	return !any;
}

/* Where a thread did not come to rest, it may be about to write: nothing is given back. */
static void
pages_give_back(const struct page *pages, unsigned count)
{
	struct shield shield;
	bool is_calm;

	if (!count)
		return;
	shield_raise(&shield);
	is_calm = change_stop();
	for (unsigned i = 0; is_calm && i < count; i++) {
		struct shadow_region *region = shadow_slot(&shadow_regions, pages[i].key);
		uint32_t *words = page_words(region, pages[i].number);

		if (!page_is_empty(words) ||
		    madvise(words, SHADOW_PAGE_WORDS * sizeof(*words), MADV_DONTNEED))
			continue;
		region->touched &= ~(UINT64_C(1) << pages[i].number);
	}
	change_resume();
	shield_lower(&shield);
}

void
shadow_trim(void)
{
	size_t mask = __atomic_load_n(&shadow_regions.mask, __ATOMIC_ACQUIRE);
	struct shadow_region *slots = __atomic_load_n(&shadow_regions.slots, __ATOMIC_ACQUIRE);
	struct page pages[TRIM_AT_ONCE];
	unsigned count = 0;

	for (size_t i = 0; i <= mask; i++) {
		const struct shadow_region *region = &slots[i];

		if (!__atomic_load_n(&region->key, __ATOMIC_ACQUIRE))
			continue;
		for (unsigned page = 0; page < SHADOW_PAGES; page++) {
			if (!(region->touched >> page & 1) || !page_is_empty(page_words(region, page)))
				continue;
			pages[count++] = (struct page){ region->key, page };
			if (count < TRIM_AT_ONCE)
				continue;
			pages_give_back(pages, count);
			count = 0;
		}
	}
	pages_give_back(pages, count);
}

void
shadow_after_fork(void)
{
	lock_release(&lock);
}
