/*
 * A Go-style map and a reference map (uthash) side by side, for test_program_gomap.c: each act is
 * done to both, and pair_* and check_* hold the one against the other. Bytes are held against what
 * the map really asked malloc for, seen through the sanitizer's hooks.
 */
#ifndef TESTS_UNIT_GOMAP_PAIR_H
#define TESTS_UNIT_GOMAP_PAIR_H

#include "test_programs/gomap.h"
#include "test_programs/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include <cmocka.h>

/* ---- bytes that the map holds, by malloc's word */

/* The sanitizers' own interface; GCC does not ship the header that declares it. */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                              void (*on_free)(const volatile void *));
size_t __sanitizer_get_allocated_size(const volatile void *block);

static bool is_map_at_work; /* blocks that come and go now are the map's */
static uint64_t map_bytes;

static inline void
on_malloc(const volatile void *block, size_t size)
{
	if (is_map_at_work)
		map_bytes += size;
}

static inline void
on_free(const volatile void *block)
{
	if (is_map_at_work && block != NULL)
		map_bytes -= __sanitizer_get_allocated_size(block);
}

/* Evaluates an expression that only the map allocates in. */
#define BY_MAP(expression)                                                                         \
	do {                                                                                       \
		is_map_at_work = true;                                                             \
		expression;                                                                        \
		is_map_at_work = false;                                                            \
	} while (0)

/* ---- a map and its reference */

enum {
	KEY_MAX = 300,
	VALUE_MAX = 300,
	SEED = 77,
};

struct entry {
	uint32_t number; /* the key's */
	uint32_t version;/* the value's */
	uint32_t visit;
	UT_hash_handle hh;
};

struct pair {
	struct gomap_type type;
	struct gomap *map;
	struct entry *reference;
	uint64_t random;
	uint32_t visit;
	bool saw_same_size_growth, saw_doubling;
};

/* Content for a number: all its bytes differ from those for another number, and none is padding. */
static inline void
fill(uint8_t *content, size_t size, uint32_t number, uint32_t version)
{
	uint64_t state = ((uint64_t)number << 32 | version) + UINT64_C(0x632be59bd9b4e019);
	memset(content, 0, size);
	memcpy(content, &number, size < 4 ? size : 4);
	for (size_t i = 4; i < size; i++) {
		state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
		content[i] = (uint8_t)(state >> 56);
	}
}

static inline const void *
key_content(const struct pair *pair, uint32_t number)
{
	static uint8_t content[KEY_MAX];
	fill(content, pair->type.key_size, number, 0);
	return content;
}

static inline const void *
value_content(const struct pair *pair, uint32_t number, uint32_t version)
{
	static uint8_t content[VALUE_MAX];
	fill(content, pair->type.value_size, number + 1, version);
	return content;
}

static inline uint32_t
pair_random(struct pair *pair, uint32_t limit)
{
	return (uint32_t)((random_next(&pair->random) >> 16) % limit);
}

static inline void
pair_open(struct pair *pair, uint32_t key_size, uint32_t value_size, uint8_t flags)
{
	*pair = (struct pair){.random = RANDOM_FIRST};
	pair->type = gomap_type_of(key_size, value_size, flags);
	map_bytes = 0;
	BY_MAP(pair->map = gomap_new(&pair->type, SEED));
}

static inline void
reference_clear(struct pair *pair)
{
	struct entry *entry, *next;
	HASH_ITER(hh, pair->reference, entry, next) {
		HASH_DEL(pair->reference, entry);
		free(entry);
	}
}

static inline void
pair_close(struct pair *pair)
{
	BY_MAP(gomap_free(pair->map));
	assert_int_equal(map_bytes, 0);
	reference_clear(pair);
}

static inline void
pair_insert(struct pair *pair, uint32_t number)
{
	struct entry *entry;
	bool is_new = false, was_new;
	HASH_FIND(hh, pair->reference, &number, sizeof(number), entry);
	if (entry == NULL) {
		is_new = true;
		entry = calloc(1, sizeof(*entry));
		entry->number = number;
		HASH_ADD(hh, pair->reference, number, sizeof(number), entry);
	}
	entry->version++;
	const void *key = key_content(pair, number);
	uint8_t B = pair->map->B;
	BY_MAP(was_new = gomap_insert(pair->map, key, value_content(pair, number, entry->version)));
	assert_int_equal(was_new, is_new);
	pair->saw_doubling |= pair->map->B > B;
	pair->saw_same_size_growth |= (pair->map->flags & GOMAP_SAME_SIZE_GROWTH) != 0;
}

static inline void
pair_delete(struct pair *pair, uint32_t number)
{
	struct entry *entry;
	bool was_there;
	HASH_FIND(hh, pair->reference, &number, sizeof(number), entry);
	BY_MAP(was_there = gomap_delete(pair->map, key_content(pair, number)));
	assert_int_equal(was_there, entry != NULL);
	if (entry != NULL) {
		HASH_DEL(pair->reference, entry);
		free(entry);
	}
}

static inline void
pair_lookup(struct pair *pair, uint32_t number)
{
	struct entry *entry;
	HASH_FIND(hh, pair->reference, &number, sizeof(number), entry);
	const void *value = gomap_lookup(pair->map, key_content(pair, number));
	assert_int_equal(value != NULL, entry != NULL);
	if (entry != NULL)
		assert_memory_equal(value, value_content(pair, number, entry->version),
		                    pair->type.value_size);
}

/* ---- what must always hold */

struct census {
	int64_t live;
	uint64_t overflows;
};

static inline const uint8_t *
overflow_after(const struct gomap_type *type, const uint8_t *bucket)
{
	return *(uint8_t *const *)(const void *)(bucket + type->bucket_size - sizeof(void *));
}

/* Counts an array's cells, and holds each chain to the promise of GOMAP_EMPTY_REST: nothing but
 * such cells follows one, and no other free cell comes last before them. */
static inline struct census
census_take(const struct gomap_type *type, const uint8_t *array, uint64_t slots)
{
	struct census census = {0};
	for (uint64_t slot = 0; slot < slots; slot++) {
		const uint8_t *bucket = array + slot * type->bucket_size;
		uint8_t before = GOMAP_FULL;
		for (; bucket != NULL; bucket = overflow_after(type, bucket)) {
			census.overflows += bucket != array + slot * type->bucket_size;
			for (int i = 0; i < GOMAP_CELLS; i++) {
				assert_true(before != GOMAP_EMPTY_REST ||
				            bucket[i] == GOMAP_EMPTY_REST);
				assert_true(before != GOMAP_EMPTY || bucket[i] != GOMAP_EMPTY_REST);
				before = bucket[i];
				census.live += before >= GOMAP_FULL;
			}
		}
		assert_int_not_equal(before, GOMAP_EMPTY);
	}
	return census;
}

static inline void
check_census(const struct pair *pair)
{
	const struct gomap *map = pair->map;
	struct census now = {0}, old = {0};
	uint64_t slots = UINT64_C(1) << map->B;
	if (map->buckets != NULL)
		now = census_take(map->type, map->buckets, slots);
	if (map->oldbuckets != NULL)
		old = census_take(map->type, map->oldbuckets,
		                  map->flags & GOMAP_SAME_SIZE_GROWTH ? slots : slots / 2);
	assert_int_equal(now.live + old.live, map->count);
	assert_int_equal(now.overflows, map->overflow_used);
	if (map->B < 16)
		assert_int_equal(map->noverflow, map->overflow_used);
	assert_int_equal(map->count, HASH_COUNT(pair->reference));
}

static inline void
check_accounting(const struct pair *pair)
{
	struct gomap_usage usage = gomap_usage(pair->map);
	assert_int_equal(gomap_usage_total(&usage), map_bytes);
}

static inline void
check_iteration(struct pair *pair)
{
	struct gomap_iterator iterator = gomap_iterate(pair->map);
	struct entry *entry;
	const void *key;
	void *value;
	int64_t seen = 0;

	pair->visit++;
	while (gomap_next(&iterator, &key, &value)) {
		uint32_t number = 0;
		memcpy(&number, key, pair->type.key_size < 4 ? pair->type.key_size : 4);
		HASH_FIND(hh, pair->reference, &number, sizeof(number), entry);
		assert_non_null(entry);
		assert_int_not_equal(entry->visit, pair->visit);
		entry->visit = pair->visit;
		assert_memory_equal(key, key_content(pair, number), pair->type.key_size);
		assert_memory_equal(value, value_content(pair, number, entry->version),
		                    pair->type.value_size);
		seen++;
	}
	assert_int_equal(seen, pair->map->count);
}

static inline void
check_all(struct pair *pair)
{
	struct entry *entry, *next;
	check_census(pair);
	check_accounting(pair);
	check_iteration(pair);
	HASH_ITER(hh, pair->reference, entry, next)
		pair_lookup(pair, entry->number);
}

#endif
