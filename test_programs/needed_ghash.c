/*
 * GHashTable emptied to every count from 1 on by an iterator, which does not shrink it, next to
 * fresh ones.
 */
#include "test_programs/needed.h"

#include <glib.h>

static GHashTable *
table_new(uint64_t count)
{
	GHashTable *table = g_hash_table_new(g_direct_hash, g_direct_equal);
	for (uint64_t key = 0; key < count; key++)
		g_hash_table_insert(table, GSIZE_TO_POINTER(key + 1), GSIZE_TO_POINTER(key + 2));
	return table;
}

static void
leave(GHashTable *table, uint64_t count)
{
	GHashTableIter entries;
	gpointer key;
	g_hash_table_iter_init(&entries, table);
	while (g_hash_table_iter_next(&entries, &key, NULL))
		if (GPOINTER_TO_SIZE(key) > count)
			g_hash_table_iter_remove(&entries);
}

int
main(void)
{
	for (uint64_t count = 1; count <= NEEDED_TO; count = needed_after(count)) {
		GHashTable *emptied = table_new(NEEDED_FROM), *fresh = table_new(count);
		leave(emptied, count);
		needed_tell("table", count, emptied, fresh);
	}
	needed_end();
	return 0;
}
