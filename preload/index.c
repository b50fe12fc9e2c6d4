/*
 * Open addressing in hidden memory. Called by intern.c: index_find by any thread, index_add under its
 * lock. Rule: entries are never removed or moved within a table, and a table is published whole, so
 * that a reader sees each entry either free or complete.
 */
#include "preload/index.h"

#include "preload/hidden.h"

enum { INDEX_FIRST = 1024 };

struct index_table {
	size_t mask;
	struct index_entry entries[];
};

static inline uint64_t
index_key(uint64_t hash)
{
	return hash | 1; /* 0 means free */
}

struct index_entry *
index_find(const struct index *index, uint64_t hash,
           bool (*is_it)(uint32_t value, const void *context), const void *context)
{
	struct index_table *table = __atomic_load_n(&index->table, __ATOMIC_ACQUIRE);
	uint64_t key = index_key(hash);

	if (!table)
		return NULL;
	for (size_t at = (key >> 16) & table->mask;; at = (at + 1) & table->mask) {
		struct index_entry *entry = &table->entries[at];
		uint64_t found = __atomic_load_n(&entry->hash, __ATOMIC_ACQUIRE);

		if (!found)
			return NULL;
		if (found == key &&
		    is_it(__atomic_load_n(&entry->value, __ATOMIC_RELAXED), context))
			return entry;
	}
}

static void
index_put(struct index_table *table, const struct index_entry *entry)
{
	size_t at = (entry->hash >> 16) & table->mask;

	while (table->entries[at].hash)
		at = (at + 1) & table->mask;
	table->entries[at].value = entry->value;
	table->entries[at].note = entry->note;
	__atomic_store_n(&table->entries[at].hash, entry->hash, __ATOMIC_RELEASE);
}

static bool
index_grow(struct index *index)
{
	struct index_table *old = index->table, *table;
	size_t slots = old ? (old->mask + 1) * 2 : INDEX_FIRST;

	table = hidden_map(sizeof(*table) + slots * sizeof(table->entries[0]));
	if (!table)
		return false;
	table->mask = slots - 1;
	for (size_t i = 0; old && i <= old->mask; i++) {
		if (old->entries[i].hash)
			index_put(table, &old->entries[i]);
	}
	__atomic_store_n(&index->table, table, __ATOMIC_RELEASE);
	return true;
}

void
index_add(struct index *index, uint64_t hash, uint32_t value, uint32_t note)
{
	struct index_entry entry = { index_key(hash), value, note };
	size_t room = index->table ? (index->table->mask + 1) / 2 : 0;

	if (index->count >= room && !index_grow(index))
		return;
	index_put(index->table, &entry);
	index->count++;
}
