/*
 * uthash emptied to every count from 1 on, next to fresh tables of the same keys.
 */
#include "test_programs/needed.h"

#include <stdlib.h>
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
	return 0;
}
