/*
 * json-c objects and tables of every size, each with what json-c's own fields say of it: the oracle
 * of tests/e2e/test_jsonc.py. Prints a JSON line for each, then takes the snapshot "ready".
 */
#include "test_programs/needed.h"

#include <json-c/json.h>
#include <json-c/linkhash.h>
#include <stdlib.h>

enum { ENTRY = 40 };

static struct json_object *kept[4 * NEEDED_TO];
static size_t kept_count;
static struct lh_table *tables[64];
static size_t table_count;

static struct json_object *
object_new(uint64_t count)
{
	struct json_object *object = json_object_new_object();
	for (uint64_t i = 0; i < count; i++) {
		char key[32];
		snprintf(key, sizeof(key), "member %" PRIu64, i);
		json_object_object_add(object, key, json_object_new_int64((int64_t)i));
	}
	kept[kept_count++] = object;
	return object;
}

static void
leave(struct json_object *object, uint64_t count)
{
	for (uint64_t i = count; i < NEEDED_FROM; i++) {
		char key[32];
		snprintf(key, sizeof(key), "member %" PRIu64, i);
		json_object_object_del(object, key);
	}
}

/* Entries that a table of this size takes before it grows: seen by filling one. */
static int
capacity_of(int size)
{
	static int known[1 << 14];
	if (size < (1 << 14) && known[size])
		return known[size];
	struct lh_table *table = lh_kptr_table_new(size, NULL);
	char *key = NULL;
	while (table->size == size)
		lh_table_insert(table, ++key, NULL);
	int capacity = table->count - 1;
	lh_table_free(table);
	if (size < (1 << 14))
		known[size] = capacity;
	return capacity;
}

static void
tell(const char *how, const struct lh_table *table, long needed, long copied)
{
	printf("{\"how\": \"%s\", \"address\": %" PRIuPTR ", \"count\": %d, \"buckets\": %d, "
	       "\"header\": %zu, \"needed\": %ld, \"copied\": %ld, \"capacity\": %d}\n",
	       how, (uintptr_t)table, table->count, ENTRY * table->size, sizeof(*table), needed,
	       copied, capacity_of(table->size));
}

static long
bytes_of(struct json_object *object)
{
	return ENTRY * (long)json_object_get_object(object)->size;
}

static long
copied_bytes(struct json_object *object)
{
	struct json_object *copy = NULL;
	if (json_object_deep_copy(object, &copy, NULL) != 0)
		abort();
	long bytes = bytes_of(copy);
	json_object_put(copy);
	return bytes;
}

/* A table that is no object, of a size that no growth from 16 leads to. */
static void
tell_table(int size, int count)
{
	static char keys[1000];
	struct lh_table *table = lh_kptr_table_new(size, NULL);
	for (int i = 0; i < count; i++)
		lh_table_insert(table, &keys[i], NULL);
	tables[table_count++] = table;
	tell("table", table, ENTRY * (long)table->size, -1);
}

int
main(void)
{
	for (uint64_t count = 1; count <= NEEDED_TO; count = needed_after(count)) {
		struct json_object *emptied = object_new(NEEDED_FROM), *fresh = object_new(count);
		leave(emptied, count);
		tell("emptied", json_object_get_object(emptied), bytes_of(fresh),
		     copied_bytes(emptied));
		tell("fresh", json_object_get_object(fresh), bytes_of(fresh), copied_bytes(fresh));
	}
	tell("empty", json_object_get_object(object_new(0)), bytes_of(object_new(0)), -1);
	for (int size = 1; size < 16; size++)
		tell_table(size, 3 * size);
	tell_table(100, 10);
	tell_table(1000, 900);
	fflush(stdout);
	maptrace_mark("ready");
	for (size_t i = 0; i < kept_count; i++)
		json_object_put(kept[i]);
	for (size_t i = 0; i < table_count; i++)
		lh_table_free(tables[i]);
	return 0;
}
