/*
 * GHashTable as a map: it shrinks when entries are removed, so it retains nothing. Small integers
 * lie in slots of 4 bytes; text keys in slots of 8 that point at blocks of their own.
 */
#include "test_programs/truth_ghash.h"

static GHashTable *
numbers_new(int count)
{
	GHashTable *table = g_hash_table_new(g_direct_hash, g_direct_equal);
	for (int key = 1; key <= count; key++)
		g_hash_table_insert(table, GINT_TO_POINTER(key), GINT_TO_POINTER(2 * key));
	return table;
}

static GHashTable *
names_new(int count)
{
	GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (int key = 1; key <= count; key++)
		g_hash_table_insert(table, g_strdup_printf("name %d", key), GINT_TO_POINTER(key));
	return table;
}

int
main(void)
{
	GHashTable *kept = numbers_new(20000), *few = numbers_new(20000);
	GHashTable *emptied = numbers_new(20000), *names = names_new(5000);
	GHashTable *few_names = names_new(5000);

	for (int key = 1; key <= 20000; key++) {
		g_hash_table_remove(emptied, GINT_TO_POINTER(key));
		if (key > 500)
			g_hash_table_remove(few, GINT_TO_POINTER(key));
	}
	for (int key = 101; key <= 5000; key++) {
		char name[32];
		g_snprintf(name, sizeof(name), "name %d", key);
		g_hash_table_remove(few_names, name);
	}
	truth_ghash("numbers", kept, false, true);
	truth_ghash("numbers, few left", few, false, false);
	truth_ghash("numbers, none left", emptied, false, false);
	truth_ghash("names", names, true, true);
	truth_ghash("names, few left", few_names, true, false);
	truth_end();
	return 0;
}
