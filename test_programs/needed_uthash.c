/*
 * uthash emptied to every count from 1 on, next to fresh tables of the same keys; then cleared and
 * filled again with the entries that were left.
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

static struct entry *
table_new(uint64_t count)
{
	struct entry *head = NULL;
	for (uint64_t key = 0; key < count; key++) {
		struct entry *entry = malloc(sizeof(*entry));
		if (entry == NULL)
			abort();
		entry->key = (int)key;
		HASH_ADD_INT(head, key, entry);
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
rebuild(struct entry *head)
{
	static struct entry *entries[NEEDED_TO];
	uint64_t count = 0, before = counted_live;
	const void *table = head->hh.tbl;
	for (struct entry *entry = head; entry != NULL; entry = entry->hh.next)
		entries[count++] = entry;
	counted_peak = before;
	HASH_CLEAR(hh, head);
	for (uint64_t i = 0; i < count; i++)
		HASH_ADD_INT(head, key, entries[i]);
	needed_tell_rebuilt("table", "rebuild", count, table, head->hh.tbl, counted_peak - before);
	return head;
}

int
main(void)
{
	for (uint64_t count = 1; count <= NEEDED_TO; count = needed_after(count)) {
		struct entry *emptied = leave(table_new(NEEDED_FROM), count);
		struct entry *fresh = table_new(count);
		needed_tell("table", count, emptied->hh.tbl, fresh->hh.tbl);
		kept[kept_count++] = emptied;
		kept[kept_count++] = fresh;
	}
	needed_end();
	for (size_t i = 0; i < kept_count; i += 2)
		kept[i] = rebuild(kept[i]);
	needed_shrunk_end();
	return 0;
}
