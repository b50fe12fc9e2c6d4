/*
 * uthash inside a deletion: its own free() makes a mark. Only the last deletion frees anything, the
 * bucket array first: until then the table is whole. The user's free() of the first, a middle and
 * the last entry come when the table does not know them any more.
 */
#include "test_programs/erase_moment.h"

#include <stdlib.h>

static struct erase_moment moment;

#define uthash_free(block, size) (erase_moment_mark(&moment, "freed"), free(block))
#include <uthash.h>

struct entry {
	int key;
	UT_hash_handle hh;
};

static struct entry *head;

static void
delete_key(int key, const char *which)
{
	struct entry *entry;
	uint64_t left = HASH_COUNT(head) - 1;
	HASH_FIND_INT(head, &key, entry);
	if (entry == NULL)
		abort();
	moment = (struct erase_moment){which, (uintptr_t)head->hh.tbl, left, left + 1};
	HASH_DEL(head, entry);
	if (left > 0) {
		moment.counted = left;
		erase_moment_mark(&moment, "freed");
	}
	moment.which = NULL;
	free(entry);
}

int
main(void)
{
	for (int key = 0; key < 1000; key++) {
		struct entry *entry = malloc(sizeof(*entry));
		if (entry == NULL)
			abort();
		entry->key = key;
		HASH_ADD_INT(head, key, entry);
	}
	delete_key(0, "first");
	delete_key(500, "middle");
	delete_key(999, "last");
	for (int key = 1; key < 998; key++)
		if (key != 500)
			delete_key(key, NULL);
	delete_key(998, "only");
	return 0;
}
