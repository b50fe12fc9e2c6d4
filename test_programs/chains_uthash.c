/*
 * uthash tables whose hash is as bad as the entry says, by the counts in their own buckets.
 */
#include "test_programs/chains.h"

#include <maptrace.h>
#include <stdlib.h>

static unsigned hashes; /* how many different ones there are; 0: any number */

static unsigned
hash(const void *key)
{
	unsigned value = *(const unsigned *)key;
	return (hashes ? value % hashes : value) * 2654435761u >> 8;
}

#define HASH_FUNCTION(key, size, into) ((into) = hash(key))
#include <uthash.h>

struct entry {
	unsigned key;
	UT_hash_handle hh;
};

static struct entry *kept[3]; /* the tables' only roots */

static struct entry *
table_new(unsigned count, unsigned left)
{
	struct entry *head = NULL, *entry, *next;
	for (unsigned key = 0; key < count; key++) {
		entry = calloc(1, sizeof(*entry));
		if (entry == NULL)
			abort();
		entry->key = key;
		HASH_ADD(hh, head, key, sizeof(key), entry);
	}
	HASH_ITER(hh, head, entry, next) {
		if (entry->key < left)
			continue;
		HASH_DEL(head, entry);
		free(entry);
	}
	return head;
}

static void
tell(const char *name, const UT_hash_table *table)
{
	struct chains chains = {0};
	for (unsigned i = 0; i < table->num_buckets; i++)
		chains_add_bucket(&chains, table->buckets[i].count);
	chains_tell(name, table, &chains);
}

int
main(void)
{
	kept[0] = table_new(3000, 3000);
	tell("plain", kept[0]->hh.tbl);
	kept[1] = table_new(3000, 500);
	tell("halved", kept[1]->hh.tbl);
	hashes = 7;
	kept[2] = table_new(700, 650);
	tell("seven", kept[2]->hh.tbl);
	fflush(stdout);
	maptrace_mark("chains");
	return 0;
}
