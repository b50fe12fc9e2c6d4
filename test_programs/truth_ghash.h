/*
 * The truth about a GHashTable. GLib tells its count only, so the rest is read from the table's own
 * fields, as gdb would read them: those of GLib 2.60 and later, whose struct is private.
 */
#ifndef TEST_PROGRAMS_TRUTH_GHASH_H
#define TEST_PROGRAMS_TRUTH_GHASH_H

#include "test_programs/truth.h"

#include <glib.h>
#include <string.h>

struct ghash_fields {
	gsize size;
	gint mod;
	guint mask;
	gint nnodes;
	gint noccupied;
	guint have_big_keys : 1;
	guint have_big_values : 1;
	gpointer keys;
	guint *hashes;
	gpointer values;
};

/* Bytes of one slot: its hash, its key, and its value unless the table is a set. */
static inline uint64_t
ghash_slot_bytes(const struct ghash_fields *fields)
{
	uint64_t key = fields->have_big_keys ? 8 : 4, value = fields->have_big_values ? 8 : 4;
	return sizeof(guint) + key + (fields->values == fields->keys ? 0 : value);
}

/* `are_keys_text`: the table owns its keys, which came from g_strdup. */
static inline void
truth_ghash(const char *name, GHashTable *table, bool are_keys_text, bool was_only_inserted)
{
	const struct ghash_fields *fields = (const struct ghash_fields *)(void *)table;
	struct truth truth = {
	    .name = name, .where = "block", .address = (uintptr_t)table,
	    .count = g_hash_table_size(table), .buckets = fields->size,
	    .bucket_bytes = fields->size * ghash_slot_bytes(fields),
	    .needed_bytes = TRUTH_UNTOLD, .inserts_only = was_only_inserted,
	};
	GHashTableIter entries;
	gpointer key;
	g_hash_table_iter_init(&entries, table);
	while (are_keys_text && g_hash_table_iter_next(&entries, &key, NULL))
		truth.value_bytes += strlen(key) + 1;
	truth_print(&truth);
}

#endif
