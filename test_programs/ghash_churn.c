/*
 * A GHashTable that is filled and emptied many times: it gives its arrays back by itself, so at no
 * moment is there anything to complain about.
 *
 *     ghash_churn [ENTRIES [TIMES]]    default 20000, 10
 */
#include <glib.h>
#include <stdlib.h>
#include <time.h>

int
main(int argc, char **argv)
{
	int entries = argc > 1 ? atoi(argv[1]) : 20000, times = argc > 2 ? atoi(argv[2]) : 10;
	struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
	GHashTable *table = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);

	for (int round = 0; round < times; round++) {
		for (int key = 0; key < entries; key++)
			g_hash_table_insert(table, GINT_TO_POINTER(key), g_malloc(100));
		for (int key = 0; key < entries; key++)
			g_hash_table_remove(table, GINT_TO_POINTER(key));
		nanosleep(&pause, NULL);
	}
	g_hash_table_destroy(table);
	return 0;
}
