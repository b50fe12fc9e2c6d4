/*
 * How the arrays of a Go-style map come and go.
 *
 *     growth_start --each write: growth_work--> growth_finish --> garbage --gomap_collect--> freed
 *
 * Rule that must never break: an old slot's entries are either all in the old array or all in the
 * new one, and tophash[0] of the old bucket says which; so every entry is a cell with a tophash of
 * GOMAP_FULL or more in exactly one place.
 *
 * Each gomap_*_new is a frame that a profile's role rules name: noinline, and never a tail call,
 * since it looks at the result.
 */
#include "test_programs/gomap_array.h"

#include <string.h>

/* ---- allocation */

__attribute__((noinline)) static struct gomap_extra *
gomap_extra_new(void)
{
	return checked(calloc(1, sizeof(struct gomap_extra)));
}

__attribute__((noinline)) static void *
gomap_buckets_new(const struct gomap_type *type, uint8_t B)
{
	return checked(calloc(slots(B), type->bucket_size));
}

__attribute__((noinline)) static void *
gomap_buckets_with_reserve_new(const struct gomap_type *type, uint8_t B)
{
	return checked(calloc(slots(B) + reserve_slots(B), type->bucket_size));
}

__attribute__((noinline)) static void *
gomap_overflow_new(const struct gomap_type *type)
{
	return checked(calloc(1, type->bucket_size));
}

/* ---- overflow buckets */

/* The last reserved bucket's overflow pointer is not NULL while it waits: nothing follows it. */
void
array_reset_reserve(struct gomap *map)
{
	if (map->B < GOMAP_RESERVE_B)
		return;
	uint64_t last = slots(map->B) + reserve_slots(map->B) - 1;
	map->extra->next_overflow = bucket_at(map->type, map->buckets, slots(map->B));
	*overflow_of(map->type, bucket_at(map->type, map->buckets, last)) = map->buckets;
}

static uint8_t *
reserve_take(struct gomap *map)
{
	uint8_t *bucket = map->extra->next_overflow;
	void **overflow = overflow_of(map->type, bucket);
	map->extra->next_overflow = *overflow == NULL ? bucket + map->type->bucket_size : NULL;
	*overflow = NULL;
	return bucket;
}

static void
count_overflow(struct gomap *map)
{
	map->overflow_used++;
	uint64_t every = map->B < 16 ? 1 : UINT64_C(1) << (map->B - 15);
	if (map->overflow_used % every == 0 && map->noverflow < UINT16_MAX)
		map->noverflow++;
}

uint8_t *
overflow_append(struct gomap *map, uint8_t *bucket)
{
	uint8_t *more;
	if (map->extra != NULL && map->extra->next_overflow != NULL) {
		more = reserve_take(map);
	} else {
		more = gomap_overflow_new(map->type);
		map->chained++;
	}
	count_overflow(map);
	*overflow_of(map->type, bucket) = more;
	return more;
}

/* ---- garbage: there is none while a growth is under way */

void
chains_loosen(struct gomap *map, void *array, uint8_t B)
{
	uint8_t *end = (uint8_t *)array + array_bytes(map->type, B);
	for (uint64_t slot = 0; slot < slots(B); slot++) {
		uint8_t *bucket = *overflow_of(map->type, bucket_at(map->type, array, slot));
		while (bucket != NULL) {
			void **overflow = overflow_of(map->type, bucket);
			uint8_t *next = *overflow;
			if (bucket < (uint8_t *)array || bucket >= end) {
				*overflow = map->garbage.loose;
				map->garbage.loose = bucket;
			}
			bucket = next;
		}
	}
}

void
gomap_collect(struct gomap *map)
{
	struct gomap_garbage *garbage = &map->garbage;
	if (garbage->array != NULL && garbage->chained > 0)
		chains_loosen(map, garbage->array, garbage->array_B);
	while (garbage->loose != NULL) {
		void *bucket = garbage->loose;
		garbage->loose = *overflow_of(map->type, bucket);
		free(bucket);
	}
	free(garbage->array);
	*garbage = (struct gomap_garbage){0};
}

/* ---- growth */

void
array_make(struct gomap *map)
{
	map->buckets = gomap_buckets_new(map->type, map->B);
}

static bool
is_overloaded(uint64_t count, uint8_t B)
{
	return count > GOMAP_CELLS && count > 13 * (slots(B) / 2);
}

static bool
has_too_many_overflows(const struct gomap *map)
{
	return map->noverflow >= slots(map->B < 15 ? map->B : 15);
}

bool
growth_is_due(const struct gomap *map)
{
	return map->oldbuckets == NULL &&
	       (is_overloaded((uint64_t)map->count + 1, map->B) || has_too_many_overflows(map));
}

/* The new array exists before the first field changes: whoever looks at the map while memory is
 * allocated sees it as it was. */
void
growth_start(struct gomap *map)
{
	gomap_collect(map);
	bool doubles = is_overloaded((uint64_t)map->count + 1, map->B);
	uint8_t B = (uint8_t)(map->B + doubles);
	void *array = B < GOMAP_RESERVE_B ? gomap_buckets_new(map->type, B)
	                                  : gomap_buckets_with_reserve_new(map->type, B);
	if (B >= GOMAP_RESERVE_B && map->extra == NULL)
		map->extra = gomap_extra_new();
	map->oldbuckets = map->buckets;
	map->buckets = array;
	map->B = B;
	map->flags |= doubles ? 0 : GOMAP_SAME_SIZE_GROWTH;
	map->old_chained = map->chained;
	map->chained = map->overflow_used = map->nevacuate = 0;
	map->noverflow = 0;
	array_reset_reserve(map);
}

void
growth_finish(struct gomap *map)
{
	struct gomap_garbage *garbage = &map->garbage;
	garbage->array = map->oldbuckets;
	garbage->array_B = old_B(map);
	garbage->chained = map->old_chained;
	garbage->bytes = array_bytes(map->type, garbage->array_B) +
	                 garbage->chained * map->type->bucket_size;
	map->oldbuckets = NULL;
	map->old_chained = 0;
	map->flags &= (uint8_t)~GOMAP_SAME_SIZE_GROWTH;
}

bool
is_evacuated(const uint8_t *bucket)
{
	return bucket[0] >= GOMAP_EVACUATED_X && bucket[0] <= GOMAP_EVACUATED_EMPTY;
}

void
cell_move(struct gomap *map, struct cell *to, struct cell from)
{
	const struct gomap_type *type = map->type;
	if (to->index == GOMAP_CELLS)
		*to = (struct cell){overflow_append(map, to->bucket), 0};
	to->bucket[to->index] = from.bucket[from.index];
	memcpy(key_slot(type, *to), key_slot(type, from), type->key_slot);
	memcpy(value_slot(type, *to), value_slot(type, from), type->value_slot);
	to->index++;
}

static void
chain_evacuate(struct gomap *map, uint64_t old_slot)
{
	const struct gomap_type *type = map->type;
	uint64_t half_bit = map->flags & GOMAP_SAME_SIZE_GROWTH ? 0 : slots(old_B(map));
	struct cell to[2] = {{bucket_at(type, map->buckets, old_slot), 0},
	                     {bucket_at(type, map->buckets, old_slot + half_bit), 0}};
	uint8_t *bucket = bucket_at(type, map->oldbuckets, old_slot);
	for (; bucket != NULL; bucket = *overflow_of(type, bucket)) {
		for (uint32_t i = 0; i < GOMAP_CELLS; i++) {
			struct cell from = {bucket, i};
			if (bucket[i] < GOMAP_FULL) {
				bucket[i] = GOMAP_EVACUATED_EMPTY;
				continue;
			}
			int half = (hash_of(map, key_of(type, from)) & half_bit) != 0;
			cell_move(map, &to[half], from);
			bucket[i] = (uint8_t)(GOMAP_EVACUATED_X + half);
		}
	}
}

static void
evacuate(struct gomap *map, uint64_t old_slot)
{
	if (!is_evacuated(bucket_at(map->type, map->oldbuckets, old_slot)))
		chain_evacuate(map, old_slot);
	while (map->nevacuate < slots(old_B(map)) &&
	       is_evacuated(bucket_at(map->type, map->oldbuckets, map->nevacuate)))
		map->nevacuate++;
	if (map->nevacuate == slots(old_B(map)))
		growth_finish(map);
}

void
growth_work(struct gomap *map, uint64_t hash)
{
	if (map->oldbuckets != NULL)
		evacuate(map, hash & (slots(old_B(map)) - 1));
	if (map->oldbuckets != NULL)
		evacuate(map, map->nevacuate);
}

/* ---- accounting */

struct gomap_usage
gomap_usage(const struct gomap *map)
{
	const struct gomap_type *type = map->type;
	struct gomap_usage usage = {
	    .header = sizeof(*map) + (map->extra != NULL ? sizeof(*map->extra) : 0),
	    .chained = (map->chained + map->old_chained) * type->bucket_size,
	    .superseded = map->garbage.bytes,
	    .indirect = map->indirect_bytes,
	};
	if (map->buckets != NULL) {
		usage.buckets = slots(map->B) * type->bucket_size;
		usage.reserved = reserve_slots(map->B) * type->bucket_size;
	}
	if (map->oldbuckets != NULL)
		usage.old = array_bytes(type, old_B(map));
	return usage;
}

uint64_t
gomap_usage_total(const struct gomap_usage *usage)
{
	return usage->header + usage->buckets + usage->reserved + usage->old + usage->chained +
	       usage->superseded + usage->indirect;
}

uint64_t
gomap_capacity(const struct gomap *map)
{
	if (map->buckets == NULL)
		return 0;
	return map->B == 0 ? GOMAP_CELLS : 13 * (slots(map->B) / 2);
}
