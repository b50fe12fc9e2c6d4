/*
 * W4: a GHashTable gets N keys made by g_strdup, and loses them one by one.
 *
 *     ghash [N]     default 1000000
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>

int
main(int argc, char **argv)
{
	unsigned long entries = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
	GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	char key[32];

	for (unsigned long i = 0; i < entries; i++) {
		snprintf(key, sizeof(key), "key number %lu", i);
		g_hash_table_insert(table, g_strdup(key), GSIZE_TO_POINTER(i + 1));
	}
	if (g_hash_table_size(table) != entries)
		return 1;
	for (unsigned long i = 0; i < entries; i++) {
		snprintf(key, sizeof(key), "key number %lu", i);
		if (GPOINTER_TO_SIZE(g_hash_table_lookup(table, key)) != i + 1)
			return 1;
		g_hash_table_remove(table, key);
	}
	if (g_hash_table_size(table) != 0)
		return 1;
	g_hash_table_destroy(table);
	printf("%lu inserted and removed\n", entries);
	return 0;
}
