/*
 * Open addressing by cache lines of four entries, filled from their first on:
 *
 *     key --> line | key, value | key, value | 0 | 0 |   a free entry ends the search
 *
 * Called by intern.c and stacks.c: index_find by any thread, all else under their lock. Rules: an
 * entry's key is stored last; entries are never removed or moved within a table, and a table is
 * published whole. An outgrown table stays mapped, since a reader may still be in it; its memory is
 * given back, so that such a reader finds free entries or values of 0, and looks again under the
 * lock.
 */
#include "preload/stacks/index.h"

#include "preload/hidden.h"
#include "preload/stacks/lines.h"

#include <sys/mman.h>

enum { LINE_ENTRIES = 4, LINES_FIRST = 256 };

struct index_entry {
	uint64_t key; /* 0: free */
	uint32_t value; /* never changes once it is there */
};

struct index_line {
	struct index_entry entries[LINE_ENTRIES];
};
_Static_assert(sizeof(struct index_line) == LINE_SIZE, "one cache line");

/* Keys that differ in any bit get lines that differ in about half of theirs. */
static inline size_t
index_line(const struct index_table *table, uint64_t key)
{
	uint64_t hash = key * UINT64_C(0x9e3779b97f4a7c15);

	hash = (hash ^ hash >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return (size_t)((hash >> 32) * table->count >> 32);
}

static inline size_t
index_next(const struct index_table *table, size_t line)
{
	return ++line == table->count ? 0 : line;
}

/* The entry of this key, or the free one where it would be. */
static inline struct index_entry *
index_seek(const struct index_table *table, uint64_t key)
{
	for (size_t at = index_line(table, key);; at = index_next(table, at)) {
		struct index_entry *entry = table->lines[at].entries;

		for (int i = 0; i < LINE_ENTRIES; i++, entry++) {
			uint64_t found = __atomic_load_n(&entry->key, __ATOMIC_ACQUIRE);

			if (found == key || !found)
				return entry;
		}
	}
}

/* A free entry may be taken by another key, and one that was found be given back, before it is
 * read: its value is 0 then. */
uint32_t
index_find(const struct index *index, uint64_t key)
{
	const struct index_table *table = __atomic_load_n(&index->table, __ATOMIC_ACQUIRE);
	const struct index_entry *entry;

	if (!table)
		return 0;
	entry = index_seek(table, key);
	if (__atomic_load_n(&entry->key, __ATOMIC_ACQUIRE) != key)
		return 0;
	return __atomic_load_n(&entry->value, __ATOMIC_RELAXED);
}

static void
index_put(struct index_table *table, uint64_t key, uint32_t value)
{
	struct index_entry *entry = index_seek(table, key);

	__atomic_store_n(&entry->value, value, __ATOMIC_RELAXED);
	__atomic_store_n(&entry->key, key, __ATOMIC_RELEASE);
}

static void
index_put_all(const struct index *index, struct index_table *into)
{
	const struct index_table *from = index->table;

	for (size_t at = 0; at < from->count; at++) {
		for (int i = 0; i < LINE_ENTRIES; i++) {
			const struct index_entry *entry = &from->lines[at].entries[i];

			if (entry->key)
				index_put(into, entry->key, entry->value);
		}
	}
}

/* Without memory for it all stays as it was, and there may still be room. */
static void
index_grow(struct index *index)
{
	struct index_table *old = index->table, *table = old ? old + 1 : index->tables;
	size_t lines = old ? lines_after(old->count) : LINES_FIRST;

	if (table == index->tables + INDEX_TABLES)
		return;
	table->lines = hidden_map_huge(lines * sizeof(table->lines[0]));
	if (!table->lines)
		return;
	table->count = lines;
	if (old)
		index_put_all(index, table);
	__atomic_store_n(&index->table, table, __ATOMIC_RELEASE);
	if (old)
		madvise(old->lines, old->count * sizeof(old->lines[0]), MADV_DONTNEED);
}

static size_t
index_entries(const struct index *index)
{
	return index->table ? index->table->count * LINE_ENTRIES : 0;
}

/* Some entries stay free: they end the searches. */
bool
index_reserve(struct index *index)
{
	if (index->count >= index_entries(index) / 4 * 3)
		index_grow(index);
	return index->count < index_entries(index) / 8 * 7;
}

void
index_add(struct index *index, uint64_t key, uint32_t value)
{
	index_put(index->table, key, value);
	index->count++;
}
