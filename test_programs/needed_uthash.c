/*
 * uthash emptied to every count from 1 on, next to fresh tables of the same keys; then cleared and
 * filled again with the entries that were left. With uthash's own hash, and with poor ones: some
 * make it double in vain, until it doubles no more, others fill one slot until it is split.
 */
#include "test_programs/needed.h"

#include <stdlib.h>

/* What tables hold by uthash's own requests, and the most that they held at once. */
static size_t counted_live, counted_peak;

static void *
count_malloc(size_t size)
{
	counted_live += size;
	counted_peak = counted_live > counted_peak ? counted_live : counted_peak;
	return malloc(size);
}

static void
count_free(void *block, size_t size)
{
	counted_live -= size;
	free(block);
}

#define uthash_malloc(size) count_malloc(size)
#define uthash_free(block, size) count_free(block, size)
#include <uthash.h>

struct entry {
	int key;
	UT_hash_handle hh;
};

static struct entry *kept[2 * NEEDED_TO]; /* the tables' only roots */
static size_t kept_count;

static const char *const names[] = { "table", "same", "seven", "far", "half" };
enum { KINDS = sizeof(names) / sizeof(names[0]) };

static unsigned
hash_of(int kind, int key)
{
	unsigned number = (unsigned)key, hash;
	switch (kind) {
	case 0:
		HASH_VALUE(&key, sizeof(key), hash);
		return hash;
	case 1:  return 42;
	case 2:  return number % 7 * 64 + 5;
	case 3:  return number << 5;
	default: return number % 2 ? 9 : number * 2654435761u;
	}
}

static struct entry *
table_new(int kind, uint64_t count)
{
	struct entry *head = NULL;
	for (uint64_t key = 0; key < count; key++) {
		struct entry *entry = malloc(sizeof(*entry));
		if (entry == NULL)
			abort();
		entry->key = (int)key;
		HASH_ADD_BYHASHVALUE(hh, head, key, sizeof(int), hash_of(kind, entry->key), entry);
	}
	return head;
}

static struct entry *
leave(struct entry *head, uint64_t count)
{
	struct entry *entry, *next;
	HASH_ITER(hh, head, entry, next) {
		if ((uint64_t)entry->key < count)
			continue;
		HASH_DEL(head, entry);
		free(entry);
	}
	return head;
}

/* HASH_CLEAR() and all entries again, in their order. */
static struct entry *
rebuild(const char *name, struct entry *head)
{
	static struct entry *entries[NEEDED_TO];
	uint64_t count = 0, before = counted_live;
	const void *table = head->hh.tbl;
	for (struct entry *entry = head; entry != NULL; entry = entry->hh.next)
		entries[count++] = entry;
	counted_peak = before;
	HASH_CLEAR(hh, head);
	for (uint64_t i = 0; i < count; i++)
		HASH_ADD_BYHASHVALUE(hh, head, key, sizeof(int), entries[i]->hh.hashv, entries[i]);
	needed_tell_rebuilt(name, "rebuild", count, table, head->hh.tbl, counted_peak - before);
	return head;
}

static void
twins(int kind)
{
	for (uint64_t count = 1; count <= NEEDED_TO; count = needed_after(count)) {
		struct entry *emptied = leave(table_new(kind, NEEDED_FROM), count);
		struct entry *fresh = table_new(kind, count);
		needed_tell(names[kind], count, emptied->hh.tbl, fresh->hh.tbl);
		kept[kept_count++] = emptied;
		kept[kept_count++] = fresh;
	}
}

int
main(void)
{
	size_t of_kind;
	for (int kind = 0; kind < KINDS; kind++)
		twins(kind);
	needed_end();
	of_kind = kept_count / KINDS;
	for (size_t i = 0; i < kept_count; i += 2)
		kept[i] = rebuild(names[i / of_kind], kept[i]);
	needed_shrunk_end();
	return 0;
}
