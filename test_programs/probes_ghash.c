/*
 * GHashTables with good and bad hashes, full and half emptied. Where all entries have one hash GLib
 * asks the program's equality for each place that a search looks at, and that is counted; of others
 * the searches are gone by GLib's rule over the table's own fields.
 */
#include "test_programs/probes.h"
#include "test_programs/truth_ghash.h"

#include <maptrace.h>

static uint64_t compared;

static gboolean
is_equal(gconstpointer a, gconstpointer b)
{
	compared++;
	return a == b;
}

static guint
constant(gconstpointer key)
{
	(void)key;
	return 42;
}

static guint
few(gconstpointer key)
{
	return GPOINTER_TO_UINT(key) % 7;
}

static guint
spread(gconstpointer key)
{
	return GPOINTER_TO_UINT(key) * 2654435761U;
}

static GHashTable *
table_new(GHashFunc hash, int entries, int step, int left)
{
	GHashTable *table = g_hash_table_new(hash, is_equal);

	for (int key = 1; key <= entries; key++)
		g_hash_table_insert(table, GINT_TO_POINTER(key * step), GINT_TO_POINTER(key));
	for (int key = left + 1; key <= entries; key++)
		g_hash_table_remove(table, GINT_TO_POINTER(key * step));
	return table;
}

/* By the number of keys that GLib compares. Removed places are passed over without a comparison. */
static void
tell_compared(const char *name, GHashTable *table)
{
	struct probes probes = {0};
	GHashTableIter entries;
	gpointer key;

	g_hash_table_iter_init(&entries, table);
	while (g_hash_table_iter_next(&entries, &key, NULL)) {
		compared = 0;
		if (!g_hash_table_contains(table, key))
			abort();
		probes_add_search(&probes, compared);
	}
	probes_tell(name, table, &probes, true);
}

static uint64_t
places_to(const struct ghash_fields *fields, guint at)
{
	guint place = fields->hashes[at] * 11 % (guint)fields->mod, places = 1;

	for (; place != at; places++)
		place = (place + places) & fields->mask;
	return places;
}

static void
tell_walked(const char *name, GHashTable *table)
{
	const struct ghash_fields *fields = (const struct ghash_fields *)(void *)table;
	struct probes probes = {0};

	for (guint at = 0; at < fields->size; at++)
		if (fields->hashes[at] >= 2)
			probes_add_search(&probes, places_to(fields, at));
	probes_tell(name, table, &probes, true);
}

int
main(void)
{
	GHashTable *lone = table_new(constant, 300, 1, 300);

	tell_compared("lone", lone);
	tell_walked("lone, walked", lone);
	tell_walked("seven", table_new(few, 700, 1, 650));
	tell_walked("plain", table_new(g_direct_hash, 5000, 1, 5000));
	tell_walked("steps", table_new(g_direct_hash, 5000, 64, 3000));
	tell_walked("spread", table_new(spread, 5000, 1, 4000));
	fflush(stdout);
	maptrace_mark("probes");
	return 0;
}
