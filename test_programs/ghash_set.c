/*
 * GHashTable as a set: keys and values share one array until a key gets a value of its own.
 */
#include "test_programs/truth_ghash.h"

static GHashTable *
set_new(int count)
{
	GHashTable *set = g_hash_table_new(g_direct_hash, g_direct_equal);
	for (int key = 1; key <= count; key++)
		g_hash_table_add(set, GINT_TO_POINTER(key));
	return set;
}

static GHashTable *
names_new(int count)
{
	GHashTable *set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (int key = 1; key <= count; key++)
		g_hash_table_add(set, g_strdup_printf("member %d", key));
	return set;
}

int
main(void)
{
	GHashTable *kept = set_new(30000), *few = set_new(30000), *names = names_new(4000);
	GHashTable *turned = set_new(3000);

	for (int key = 1; key <= 29000; key++)
		g_hash_table_remove(few, GINT_TO_POINTER(key));
	g_hash_table_insert(turned, GINT_TO_POINTER(1), GINT_TO_POINTER(99));
	truth_ghash("set", kept, false, true);
	truth_ghash("set, few left", few, false, false);
	truth_ghash("set of names", names, true, true);
	truth_ghash("set that became a map", turned, false, true);
	truth_end();
	return 0;
}
