/*
 * The words by region: a hash table of the regions that hold blocks, each with a leaf of words.
 *
 *     address   | region | granule | 4 bits |
 *                   |         '-----------------------.
 *                   '--> regions[] --> leaf 256 KiB --+--> word
 *
 * Of a leaf only the pages that were touched exist: 4 KiB for each 16 KiB of blocks. Called by
 * ledger.c alone, at every event. Rules: a region's leaf is stored before its number and never
 * changes; an outgrown table stays mapped, since a reader may still be in it.
 */
#include "preload/shadow.h"

#include "preload/hidden.h"
#include "preload/lock.h"

#include <stddef.h>

enum {
	LEAF_WORDS = SHADOW_REGION / SHADOW_GRANULE,
	LEAF_SIZE = LEAF_WORDS * sizeof(uint32_t),
	LEAVES_AT_ONCE_MAX = 64, /* few mappings, also where the heap is large and scattered */
	TABLE_FIRST = 256,
};

struct region {
	uint64_t key; /* its number + 1; 0: free; stored last */
	uint32_t *leaf;
};

struct regions {
	size_t mask;
	struct region slots[];
};

static struct regions *regions;
static size_t region_count;
static uint32_t *spare_leaves;
static size_t spare_count;
static uint32_t lock;

static inline uint64_t
region_key(uint64_t address)
{
	return address / SHADOW_REGION + 1;
}

/* The slot of this region, or the free one where it belongs. The table is at most half full. */
static inline struct region *
region_slot(struct regions *table, uint64_t key)
{
	size_t at = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & table->mask;
	uint64_t found;

	while ((found = __atomic_load_n(&table->slots[at].key, __ATOMIC_ACQUIRE)) && found != key)
		at = (at + 1) & table->mask;
	return &table->slots[at];
}

static inline uint32_t *
leaf_word(const struct region *region, uint64_t address)
{
	return &region->leaf[address % SHADOW_REGION / SHADOW_GRANULE];
}

uint32_t *
shadow_find(uint64_t address)
{
	struct regions *table = __atomic_load_n(&regions, __ATOMIC_ACQUIRE);
	struct region *region;

	if (!table)
		return NULL;
	region = region_slot(table, region_key(address));
	return region->key ? leaf_word(region, address) : NULL;
}

static void
region_put(struct regions *table, uint64_t key, uint32_t *leaf)
{
	struct region *region = region_slot(table, key);

	region->leaf = leaf;
	__atomic_store_n(&region->key, key, __ATOMIC_RELEASE);
}

static bool
regions_grow(void)
{
	struct regions *old = regions, *table;
	size_t slots = old ? (old->mask + 1) * 2 : TABLE_FIRST;

	table = hidden_map(sizeof(*table) + slots * sizeof(table->slots[0]));
	if (!table)
		return false;
	table->mask = slots - 1;
	for (size_t i = 0; old && i <= old->mask; i++) {
		if (old->slots[i].key)
			region_put(table, old->slots[i].key, old->slots[i].leaf);
	}
	__atomic_store_n(&regions, table, __ATOMIC_RELEASE);
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
	spare_leaves = leaf ? leaf + LEAF_WORDS : NULL;
	return leaf;
}

static bool
region_add(uint64_t key)
{
	uint32_t *leaf;

	if ((!regions || region_count >= (regions->mask + 1) / 2) && !regions_grow())
		return false;
	leaf = leaf_take();
	if (!leaf)
		return false;
	region_put(regions, key, leaf);
	region_count++;
	return true;
}

static __attribute__((noinline)) uint32_t *
shadow_add(uint64_t address)
{
	uint32_t *word;

	lock_take(&lock);
	word = shadow_find(address); /* another thread may have been faster */
	if (!word && region_add(region_key(address)))
		word = shadow_find(address);
	lock_release(&lock);
	return word;
}

uint32_t *
shadow_make(uint64_t address)
{
	uint32_t *word = shadow_find(address);

	return __builtin_expect(word != NULL, 1) ? word : shadow_add(address);
}

void
shadow_after_fork(void)
{
	lock_release(&lock);
}
