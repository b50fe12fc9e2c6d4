/*
 * GHashTable emptied to every count from 1 on by an iterator, which does not shrink it, next to
 * fresh ones; then one entry more is taken out by g_hash_table_remove(), which shrinks it, as
 * g_hash_table_remove_all() does one that the iterator left without entries.
 *
 * GLib moves entries within the arrays and asks for zeroed scratch while it does: that call is
 * counted on its way.
 */
#include "test_programs/needed.h"

#include <dlfcn.h>
#include <glib.h>
#include <stdbool.h>
#include <stdlib.h>

static bool is_counting;
static uint64_t counted;

__attribute__((noinline)) void *
calloc(size_t count, size_t size)
{
	static void *(*next)(size_t, size_t);
	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "calloc");
	if (is_counting)
		counted += count * size;
	return next(count, size);
}

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

static void
take_one(GHashTable *table, uint64_t count)
{
	counted = 0;
	is_counting = true;
	g_hash_table_remove(table, GSIZE_TO_POINTER(count));
	is_counting = false;
	needed_tell_shrunk("table", "remove", count, table, counted);
}

static void
take_none(GHashTable *emptied)
{
	counted = 0;
	is_counting = true;
	g_hash_table_remove_all(emptied);
	is_counting = false;
	needed_tell_shrunk("table", "remove_all", 0, emptied, counted);
}

int
main(void)
{
	GHashTable *emptied_wholly = table_new(NEEDED_FROM);
	GHashTable *kept[NEEDED_TO];
	uint64_t kept_count = 0;
	for (uint64_t count = 1; count <= NEEDED_TO; count = needed_after(count)) {
		GHashTable *emptied = table_new(NEEDED_FROM), *fresh = table_new(count);
		leave(emptied, count);
		needed_tell("table", count, emptied, fresh);
		kept[kept_count++] = emptied;
	}
	leave(emptied_wholly, 0);
	needed_end();
	for (uint64_t i = 0; i < kept_count; i++)
		take_one(kept[i], g_hash_table_size(kept[i]));
	take_none(emptied_wholly);
	needed_shrunk_end();
	return 0;
}
