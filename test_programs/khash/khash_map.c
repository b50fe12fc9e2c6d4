/*
 * khash maps and sets of many sizes and in many places: in blocks of their own, in a struct, in a
 * global, on the stack; grown, half deleted, emptied, cleared; with text keys, which are the map's
 * out-of-line keys.
 */
#include "test_programs/khash/map.h"
#include "test_programs/truth.h"

#include <stdlib.h>
#include <string.h>

KHASH_MAP_INIT_INT(small, char)
KHASH_SET_INIT_INT(set)
KHASH_MAP_INIT_STR(text, int)

struct holder {
	uint64_t before;
	khash_t(map) map;
	uint64_t behind;
};

static khash_t(map) global;

/* `values` are bytes of out-of-line keys. */
#define truth_khash(title, place, table, width, values, was_only_inserted)                         \
	truth_print(&(struct truth){                                                               \
	    .name = (title),                                                                       \
	    .where = (place),                                                                      \
	    .address = (uintptr_t)(table),                                                         \
	    .count = kh_size(table),                                                               \
	    .buckets = kh_n_buckets(table),                                                        \
	    .capacity = (table)->upper_bound,                                                      \
	    .bucket_bytes = (uint64_t)kh_n_buckets(table) * (width) + kh_n_buckets(table) / 4,     \
	    .value_bytes = (values),                                                               \
	    .needed_bytes = TRUTH_UNTOLD,                                                          \
	    .inserts_only = (was_only_inserted),                                                   \
	})

static void
thin(khash_t(map) *table, uint64_t every)
{
	for (khint_t at = 0; at < kh_end(table); at++)
		if (kh_exist(table, at) && (every == 0 || kh_key(table, at) % every != 0))
			kh_del(map, table, at);
}

static khash_t(text) *
texts_new(int count, uint64_t *bytes)
{
	khash_t(text) *table = kh_init(text);
	for (int i = 0; i < count; i++) {
		char key[32];
		int result;
		snprintf(key, sizeof(key), "key number %d", i);
		char *copy = strdup(key);
		if (copy == NULL)
			abort();
		khint_t at = kh_put(text, table, copy, &result);
		kh_value(table, at) = i;
		*bytes += strlen(copy) + 1;
	}
	return table;
}

int
main(void)
{
	khash_t(map) local = {0}, *kept = kh_init(map), *half = kh_init(map);
	khash_t(map) *emptied = kh_init(map), *cleared = kh_init(map);
	khash_t(small) *small = kh_init(small);
	khash_t(set) *set = kh_init(set);
	struct holder *holder = calloc(1, sizeof(*holder));
	uint64_t bytes = 0;
	khash_t(text) *texts = texts_new(3000, &bytes);
	int result;

	if (holder == NULL)
		abort();
	fill(&local, 700);
	fill(&holder->map, 800);
	fill(&global, 900);
	fill(kept, 20000);
	fill(half, 20000);
	fill(emptied, 20000);
	fill(cleared, 5000);
	thin(half, 2);
	thin(emptied, 0);
	kh_clear(map, cleared);
	for (khint32_t key = 0; key < 400; key++) {
		khint_t at = kh_put(small, small, key, &result);
		kh_value(small, at) = 'x';
		kh_put(set, set, key, &result);
	}
	truth_khash("on the stack", "stack", &local, 16, 0, true);
	truth_khash("in a struct", "block", &holder->map, 16, 0, true);
	truth_khash("global", "global", &global, 16, 0, true);
	truth_khash("kept", "block", kept, 16, 0, true);
	truth_khash("half", "block", half, 16, 0, false);
	truth_khash("emptied", "block", emptied, 16, 0, false);
	truth_khash("cleared", "block", cleared, 16, 0, false);
	truth_khash("entries of 5 bytes", "block", small, 5, 0, true);
	truth_khash("a set", "block", set, 4, 0, true);
	truth_khash("text keys", "block", texts, 12, bytes, true);
	truth_end();
	return 0;
}
