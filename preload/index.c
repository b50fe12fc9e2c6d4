/*
 * Open addressing by cache lines of four entries, filled from their first on:
 *
 *     place --> line | a, b, value | a, b, value | 0 | 0 |   a free entry ends the search
 *
 * Called by intern.c: index_find by any thread, index_add under its lock. Rules: an entry's `a` is
 * stored last; entries are never removed or moved within a table, and a table is published whole. An
 * outgrown table stays mapped, since a reader may still be in it; its memory is given back, so that
 * such a reader finds free entries, and looks again under the lock.
 */
#include "preload/index.h"

#include "preload/hidden.h"

#include <sys/mman.h>

enum { LINE_ENTRIES = 4, LINES_FIRST = 256 };

struct index_entry {
	uint64_t a; /* 0: free */
	uint32_t b, value;
};

struct index_line {
	struct index_entry entries[LINE_ENTRIES];
};
_Static_assert(sizeof(struct index_line) == 64, "one cache line");

void
index_expect(const struct index *index, uint32_t place)
{
	const struct index_table *table = __atomic_load_n(&index->table, __ATOMIC_ACQUIRE);

	if (table)
		__builtin_prefetch(&table->lines[place & table->mask]);
}

uint32_t
index_find(const struct index *index, uint32_t place, uint64_t a, uint32_t b)
{
	const struct index_table *table = __atomic_load_n(&index->table, __ATOMIC_ACQUIRE);

	if (!table)
		return 0;
	for (size_t at = place & table->mask;; at = (at + 1) & table->mask) {
		const struct index_entry *entry = table->lines[at].entries;

		for (int i = 0; i < LINE_ENTRIES; i++, entry++) {
			uint64_t found = __atomic_load_n(&entry->a, __ATOMIC_ACQUIRE);

			if (found == a && entry->b == b)
				return entry->value;
			if (!found)
				return 0;
		}
	}
}

static void
index_put(struct index_table *table, uint32_t place, const struct index_entry *from)
{
	size_t at = place & table->mask;
	struct index_entry *entry = table->lines[at].entries;

	while (entry->a) {
		if (++entry == table->lines[at].entries + LINE_ENTRIES) {
			at = (at + 1) & table->mask;
			entry = table->lines[at].entries;
		}
	}
	entry->b = from->b;
	entry->value = from->value;
	__atomic_store_n(&entry->a, from->a, __ATOMIC_RELEASE);
}

static void
index_put_all(const struct index *index, struct index_table *into)
{
	const struct index_table *from = index->table;

	for (size_t at = 0; at <= from->mask; at++) {
		for (int i = 0; i < LINE_ENTRIES; i++) {
			const struct index_entry *entry = &from->lines[at].entries[i];

			if (entry->a)
				index_put(into, index->place(entry->a, entry->b), entry);
		}
	}
}

static int
index_grow(struct index *index)
{
	struct index_table *old = index->table, *table = old ? old + 1 : index->tables;
	size_t lines = old ? (old->mask + 1) * 2 : LINES_FIRST;

	if (table == index->tables + INDEX_TABLES)
		return -1;
	table->lines = hidden_map_huge(lines * sizeof(table->lines[0]));
	if (!table->lines)
		return -1;
	table->mask = lines - 1;
	if (old)
		index_put_all(index, table);
	__atomic_store_n(&index->table, table, __ATOMIC_RELEASE);
	if (old)
		madvise(old->lines, (old->mask + 1) * sizeof(old->lines[0]), MADV_DONTNEED);
	return 0;
}

void
index_add(struct index *index, uint64_t a, uint32_t b, uint32_t value)
{
	size_t slots = index->table ? (index->table->mask + 1) * LINE_ENTRIES : 0;

	if (index->count >= slots / 2 && index_grow(index))
		return;
	index_put(index->table, index->place(a, b), &(struct index_entry){ a, b, value });
	index->count++;
}
