/*
 * uthash with integer keys: everything is inlined here, and the bucket array never shrinks until
 * the last entry goes, which frees table and array.
 */
#include "test_programs/truth_uthash.h"

struct entry {
	int key;
	int value;
	UT_hash_handle hh;
};

static struct entry *
table_new(int count)
{
	struct entry *head = NULL;
	for (int key = 0; key < count; key++) {
		struct entry *entry = malloc(sizeof(*entry));
		if (entry == NULL)
			abort();
		entry->key = key;
		entry->value = 2 * key;
		HASH_ADD_INT(head, key, entry);
	}
	return head;
}

/* Deletes all entries but those whose key is a multiple of `keep`. */
static struct entry *
thinned(struct entry *head, int keep)
{
	struct entry *entry, *next;
	HASH_ITER(hh, head, entry, next) {
		if (keep != 0 && entry->key % keep == 0)
			continue;
		HASH_DEL(head, entry);
		free(entry);
	}
	return head;
}

int
main(void)
{
	struct entry *kept = table_new(20000);
	struct entry *half = thinned(table_new(20000), 2);
	struct entry *one = thinned(table_new(20000), 20000);

	if (thinned(table_new(1000), 0) != NULL)
		return 1;
	truth_uthash("kept", kept, true);
	truth_uthash("half", half, false);
	truth_uthash("one left", one, false);
	truth_end();
	return 0;
}
