/*
 * Open addressing by cache lines of four entries, filled from their first on:
 *
 *     place --> line | key, value, more | key, value, more | 0 | 0 |   a free entry ends the search
 *
 * Called by intern.c and stacks.c: index_find by any thread, all else under their lock. Rules: an
 * entry's key is stored last; entries are never removed or moved within a table, and a table is
 * published whole. An outgrown table stays mapped, since a reader may still be in it; its memory is
 * given back, so that such a reader finds free entries or values of 0, and looks again under the
 * lock.
 */
#include "preload/stacks/index.h"

#include "preload/hidden.h"

#include <sys/mman.h>

enum { LINE_ENTRIES = 4, LINES_FIRST = 256, HUGE_PAGE = 2 * 1024 * 1024 };

struct index_entry {
	uint64_t key; /* 0: free */
	struct index_value value;
};

struct index_line {
	struct index_entry entries[LINE_ENTRIES];
};
_Static_assert(sizeof(struct index_line) == 64, "one cache line");

static inline size_t
index_line(const struct index_table *table, uint32_t place)
{
	return (size_t)((uint64_t)place * table->count >> 32);
}

static inline size_t
index_next(const struct index_table *table, size_t line)
{
	return ++line == table->count ? 0 : line;
}

void
index_expect(const struct index *index, uint32_t place)
{
	const struct index_table *table = __atomic_load_n(&index->table, __ATOMIC_ACQUIRE);

	if (table)
		__builtin_prefetch(&table->lines[index_line(table, place)]);
}

/* The entry of this key, or the free one where it would be. */
static inline struct index_entry *
index_seek(const struct index_table *table, uint32_t place, uint64_t key)
{
	for (size_t at = index_line(table, place);; at = index_next(table, at)) {
		struct index_entry *entry = table->lines[at].entries;

		for (int i = 0; i < LINE_ENTRIES; i++, entry++) {
			uint64_t found = __atomic_load_n(&entry->key, __ATOMIC_ACQUIRE);

			if (found == key || !found)
				return entry;
		}
	}
}

/* A bit for each entry that has this key, or what `mask` leaves of it. Without a branch for each:
 * which one it is cannot be foretold. */
static inline unsigned
index_match(const struct index_line *line, uint64_t key, uint64_t mask)
{
	unsigned matches = 0;

	for (unsigned i = 0; i < LINE_ENTRIES; i++) {
		uint64_t found = __atomic_load_n(&line->entries[i].key, __ATOMIC_ACQUIRE);

		matches |= (unsigned)((found & mask) == key) << i;
	}
	return matches;
}

/* An entry that was sought may be given back before it is read: its value is 0 then. */
static inline struct index_value
index_value_of(const struct index_entry *entry)
{
	return (struct index_value){
		.value = __atomic_load_n(&entry->value.value, __ATOMIC_RELAXED),
		.more = __atomic_load_n(&entry->value.more, __ATOMIC_ACQUIRE),
	};
}

struct index_value
index_find(const struct index *index, uint32_t place, uint64_t key)
{
	const struct index_table *table = __atomic_load_n(&index->table, __ATOMIC_ACQUIRE);

	for (size_t at = table ? index_line(table, place) : 0; table; at = index_next(table, at)) {
		const struct index_line *line = &table->lines[at];
		unsigned matches = index_match(line, key, UINT64_MAX);

		if (matches)
			return index_value_of(&line->entries[__builtin_ctz(matches)]);
		if (!__atomic_load_n(&line->entries[LINE_ENTRIES - 1].key, __ATOMIC_RELAXED))
			break;
	}
	return (struct index_value){ 0, 0 };
}

struct index_value
index_guess(const struct index *index, uint32_t place, uint32_t low, uint64_t *key)
{
	const struct index_table *table = __atomic_load_n(&index->table, __ATOMIC_ACQUIRE);
	const struct index_line *line = table ? &table->lines[index_line(table, place)] : NULL;
	unsigned matches = line ? index_match(line, low, UINT32_MAX) : 0;
	const struct index_entry *entry;

	if (!matches)
		return (struct index_value){ 0, 0 };
	entry = &line->entries[__builtin_ctz(matches)];
	*key = __atomic_load_n(&entry->key, __ATOMIC_ACQUIRE);
	return index_value_of(entry);
}

static void
index_put(struct index_table *table, uint32_t place, uint64_t key, struct index_value value)
{
	struct index_entry *entry = index_seek(table, place, key);

	entry->value = value;
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
				index_put(into, index->place(entry->key), entry->key, entry->value);
		}
	}
}

static size_t
index_lines_after(size_t lines)
{
	size_t size = lines / 2 * 3 * sizeof(struct index_line);

	if (!lines)
		return LINES_FIRST;
	if (size >= HUGE_PAGE)
		size = (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
	return size / sizeof(struct index_line);
}

void
index_grow(struct index *index)
{
	struct index_table *old = index->table, *table = old ? old + 1 : index->tables;
	size_t lines = index_lines_after(old ? old->count : 0);

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

bool
index_is_crowded(const struct index *index)
{
	return index->count >= index_entries(index) / 4 * 3;
}

/* Some entries stay free: they end the searches. */
bool
index_has_room(const struct index *index)
{
	return index->count < index_entries(index) / 8 * 7;
}

bool
index_reserve(struct index *index)
{
	if (index_is_crowded(index))
		index_grow(index);
	return index_has_room(index);
}

void
index_add(struct index *index, uint32_t place, uint64_t key, struct index_value value)
{
	index_put(index->table, place, key, value);
	index->count++;
}

void
index_set_more(struct index *index, uint32_t place, uint64_t key, uint32_t more)
{
	struct index_entry *entry = index_seek(index->table, place, key);

	if (entry->key == key)
		__atomic_store_n(&entry->value.more, more, __ATOMIC_RELEASE);
}
