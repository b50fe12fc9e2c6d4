/*
 * GHashTable inside a removal: a destroy function for values makes a mark, while the first, a
 * middle and the last entry go, then the only one, and while remove_all empties a table: that one
 * has new arrays by then.
 */
#include "test_programs/erase_moment.h"

#include <glib.h>

static struct erase_moment moment;

static void
destroy(gpointer value)
{
	if (moment.which != NULL)
		erase_moment_mark(&moment, "destroyed");
	g_free(value);
}

static GHashTable *
table_new(int count)
{
	GHashTable *table = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, destroy);
	for (int key = 1; key <= count; key++)
		g_hash_table_insert(table, GINT_TO_POINTER(key), g_malloc(24));
	return table;
}

static void
remove_key(GHashTable *table, int key, const char *which)
{
	uint64_t left = g_hash_table_size(table) - 1;
	moment = (struct erase_moment){which, (uintptr_t)table, left, left};
	g_hash_table_remove(table, GINT_TO_POINTER(key));
	moment.which = NULL;
}

int
main(void)
{
	GHashTable *table = table_new(1000), *few = table_new(10);
	remove_key(table, 1, "first");
	remove_key(table, 500, "middle");
	remove_key(table, 1000, "last");
	for (int key = 2; key < 999; key++)
		g_hash_table_remove(table, GINT_TO_POINTER(key));
	remove_key(table, 999, "only");
	moment = (struct erase_moment){"clear", (uintptr_t)few, 0, 0};
	g_hash_table_remove_all(few);
	moment.which = NULL;
	g_hash_table_destroy(table);
	g_hash_table_destroy(few);
	return 0;
}
