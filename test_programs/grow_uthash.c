/*
 * uthash in the middle of its growth: its own allocation functions make a mark when the new array
 * is there and before the old one is given back. In between the entries hang from the new one
 * already, while the header still names the old one.
 */
#include "test_programs/erase_moment.h"

#include <stdlib.h>

static struct erase_moment moment;

static void *
made(void *block)
{
	if (block == NULL)
		abort();
	erase_moment_mark(&moment, "allocated");
	return block;
}

#define uthash_malloc(size) made(malloc(size))
#define uthash_free(block, size) (erase_moment_mark(&moment, "freed"), free(block))
#include <uthash.h>

struct entry {
	int key;
	UT_hash_handle hh;
};

static struct entry *head;

static void
add(int key)
{
	struct entry *entry = malloc(sizeof(*entry));
	if (entry == NULL)
		abort();
	entry->key = key;
	HASH_ADD_INT(head, key, entry);
}

int
main(void)
{
	add(0);
	/* uthash counts the entry first, then asks for room. */
	for (int key = 1; head->hh.tbl->num_buckets < 1024; key++) {
		uint64_t count = (uint64_t)key + 1;
		moment = (struct erase_moment){"growing", (uintptr_t)head->hh.tbl, count, count};
		add(key);
	}
	return 0;
}
