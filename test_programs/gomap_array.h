/*
 * The arrays of a Go-style map, for gomap.c only: where a bucket, a cell and its slots lie; how an
 * array is made, gets overflow buckets, is outgrown, evacuated and collected. See gomap.h.
 */
#ifndef TEST_PROGRAMS_GOMAP_ARRAY_H
#define TEST_PROGRAMS_GOMAP_ARRAY_H

#include "test_programs/gomap.h"

#include <stdio.h>
#include <stdlib.h>

/* A place for one entry. */
struct cell {
	uint8_t *bucket;
	uint32_t index; /* 0 to GOMAP_CELLS; GOMAP_CELLS: the bucket is full */
};

static inline uint64_t
slots(uint8_t B)
{
	return UINT64_C(1) << B;
}

static inline uint64_t
reserve_slots(uint8_t B)
{
	return B < GOMAP_RESERVE_B ? 0 : UINT64_C(1) << (B - GOMAP_RESERVE_B);
}

static inline uint64_t
array_bytes(const struct gomap_type *type, uint8_t B)
{
	return type->bucket_size * (slots(B) + reserve_slots(B));
}

static inline uint8_t
old_B(const struct gomap *map)
{
	return map->flags & GOMAP_SAME_SIZE_GROWTH ? map->B : map->B - 1;
}

static inline uint8_t *
bucket_at(const struct gomap_type *type, void *array, uint64_t slot)
{
	return (uint8_t *)array + slot * type->bucket_size;
}

/* The overflow pointer, the last word of a bucket. */
static inline void **
overflow_of(const struct gomap_type *type, const uint8_t *bucket)
{
	return (void **)(uintptr_t)(bucket + type->bucket_size - sizeof(void *));
}

static inline uint8_t *
key_slot(const struct gomap_type *type, struct cell cell)
{
	return cell.bucket + GOMAP_CELLS + cell.index * type->key_slot;
}

static inline uint8_t *
value_slot(const struct gomap_type *type, struct cell cell)
{
	return cell.bucket + GOMAP_CELLS + GOMAP_CELLS * type->key_slot +
	       cell.index * type->value_slot;
}

static inline void *
key_of(const struct gomap_type *type, struct cell cell)
{
	uint8_t *slot = key_slot(type, cell);
	return type->flags & GOMAP_INDIRECT_KEY ? *(void **)slot : slot;
}

static inline void *
value_of(const struct gomap_type *type, struct cell cell)
{
	uint8_t *slot = value_slot(type, cell);
	return type->flags & GOMAP_INDIRECT_VALUE ? *(void **)slot : slot;
}

static inline uint64_t
hash_of(const struct gomap *map, const void *key)
{
	return map->type->hash(key, map->type->key_size, map->hash0);
}

/* Nobody goes on without memory; inline, so that the caller's frame is the one that allocates. */
static inline void *
checked(void *block)
{
	if (block == NULL) {
		fputs("gomap: out of memory\n", stderr);
		_Exit(2);
	}
	return block;
}

/* Makes a new map's first array: one bucket. */
void array_make(struct gomap *map);

/* The array's reserve as it was when it was made. */
void array_reset_reserve(struct gomap *map);

/* Chains another bucket, all free, to `bucket`, the last of its chain. */
uint8_t *overflow_append(struct gomap *map, uint8_t *bucket);

/* Takes the overflow buckets that are blocks of their own out of an array's chains, onto the list
 * of loose ones. The array's links are stale afterwards. */
void chains_loosen(struct gomap *map, void *array, uint8_t B);

/* Copies a cell, slots as they are, to `to` or, if that is past its bucket's end, to a bucket
 * chained there; moves `to` on. */
void cell_move(struct gomap *map, struct cell *to, struct cell from);

/* Whether one entry more asks for another array: by load, or by too many overflow buckets. */
bool growth_is_due(const struct gomap *map);

/* Makes the next array; the present one is evacuated by the writes that follow. */
void growth_start(struct gomap *map);

/* What each write does for a growth under way: afterwards the slot of `hash` is in the new
 * array. */
void growth_work(struct gomap *map, uint64_t hash);

/* The old array becomes garbage: it is evacuated, or its entries are dropped. */
void growth_finish(struct gomap *map);

bool is_evacuated(const uint8_t *bucket);

#endif
