/*
 * The Go-style map: what one can do to it. See gomap.h for the layout and for where it models Go;
 * gomap_array.c does the growing.
 *
 * Rule that must never break: each write does its share of a growth first, so that it finds and
 * changes its key's chain in the new array only.
 */
#include "test_programs/gomap_array.h"

#include <string.h>

/* ---- hashing */

/* Multiplies and folds: each bit of the word reaches every bit of the result. */
static uint64_t
mix(uint64_t word)
{
	__uint128_t product = (__uint128_t)(word ^ UINT64_C(0x243f6a8885a308d3)) *
	                      UINT64_C(0x9e3779b97f4a7c15);
	uint64_t folded = (uint64_t)(product >> 64) ^ (uint64_t)product;
	folded ^= folded >> 29;
	folded *= UINT64_C(0xd1342543de82ef95);
	return folded ^ folded >> 32;
}

static uint64_t
hash_bytes(const void *key, size_t size, uint32_t seed)
{
	const uint8_t *bytes = key;
	uint64_t hash = mix((uint64_t)seed << 32 ^ size);
	for (; size >= 8; bytes += 8, size -= 8) {
		uint64_t word;
		memcpy(&word, bytes, 8);
		hash = mix(hash ^ word);
	}
	if (size > 0) {
		uint64_t word = 0;
		memcpy(&word, bytes, size);
		hash = mix(hash ^ word);
	}
	return hash;
}

static bool
equal_bytes(const void *one, const void *other, size_t size)
{
	return memcmp(one, other, size) == 0;
}

static uint8_t
tophash(uint64_t hash)
{
	uint8_t top = (uint8_t)(hash >> 56);
	return top < GOMAP_FULL ? top + GOMAP_FULL : top;
}

/* ---- out-of-line keys and values */

__attribute__((noinline)) static void *
gomap_indirect_new(struct gomap *map, const void *content, size_t size)
{
	void *block = checked(malloc(size));
	map->indirect_bytes += size;
	return memcpy(block, content, size);
}

static void
indirect_free(struct gomap *map, void *slot, size_t size)
{
	free(*(void **)slot);
	*(void **)slot = NULL;
	map->indirect_bytes -= size;
}

/* Slots of a new entry. */
static void
cell_fill(struct gomap *map, struct cell cell, const void *key, const void *value)
{
	const struct gomap_type *type = map->type;
	if (type->flags & GOMAP_INDIRECT_KEY)
		*(void **)key_slot(type, cell) = gomap_indirect_new(map, key, type->key_size);
	else
		memcpy(key_slot(type, cell), key, type->key_size);
	if (type->flags & GOMAP_INDIRECT_VALUE)
		*(void **)value_slot(type, cell) = gomap_indirect_new(map, value, type->value_size);
	else
		memcpy(value_slot(type, cell), value, type->value_size);
}

/* A key within its slot stays, as in Go, where keys without pointers are not cleared. */
static void
cell_clear(struct gomap *map, struct cell cell)
{
	const struct gomap_type *type = map->type;
	if (type->flags & GOMAP_INDIRECT_KEY)
		indirect_free(map, key_slot(type, cell), type->key_size);
	if (type->flags & GOMAP_INDIRECT_VALUE)
		indirect_free(map, value_slot(type, cell), type->value_size);
	else
		memset(value_slot(type, cell), 0, type->value_slot);
}

/* ---- iteration */

struct gomap_iterator
gomap_iterate(const struct gomap *map)
{
	return (struct gomap_iterator){.map = map, .in_old = map->oldbuckets != NULL};
}

/* The next main slot's bucket; the old array comes first, whose moved cells are not full. */
static bool
iterator_enter_slot(struct gomap_iterator *iterator)
{
	const struct gomap *map = iterator->map;
	if (iterator->in_old && iterator->slot == slots(old_B(map))) {
		iterator->in_old = false;
		iterator->slot = 0;
	}
	if (!iterator->in_old && (map->buckets == NULL || iterator->slot == slots(map->B)))
		return false;
	iterator->bucket = bucket_at(map->type, iterator->in_old ? map->oldbuckets : map->buckets,
	                             iterator->slot++);
	iterator->cell = 0;
	return true;
}

static bool
cell_next(struct gomap_iterator *iterator, struct cell *out)
{
	for (;;) {
		if (iterator->bucket == NULL && !iterator_enter_slot(iterator))
			return false;
		while (iterator->cell < GOMAP_CELLS) {
			*out = (struct cell){iterator->bucket, iterator->cell++};
			if (out->bucket[out->index] >= GOMAP_FULL)
				return true;
		}
		iterator->bucket = *overflow_of(iterator->map->type, iterator->bucket);
		iterator->cell = 0;
	}
}

bool
gomap_next(struct gomap_iterator *iterator, const void **key, void **value)
{
	struct cell cell;
	if (!cell_next(iterator, &cell))
		return false;
	if (key != NULL)
		*key = key_of(iterator->map->type, cell);
	if (value != NULL)
		*value = value_of(iterator->map->type, cell);
	return true;
}

/* ---- one entry */

/* First bucket of the chain that holds a hash, in whichever array that is. */
static uint8_t *
chain_of(const struct gomap *map, uint64_t hash)
{
	if (map->oldbuckets != NULL) {
		uint64_t old_slot = hash & (slots(old_B(map)) - 1);
		uint8_t *bucket = bucket_at(map->type, map->oldbuckets, old_slot);
		if (!is_evacuated(bucket))
			return bucket;
	}
	return bucket_at(map->type, map->buckets, hash & (slots(map->B) - 1));
}

static bool
cell_find(const struct gomap *map, uint64_t hash, const void *key, struct cell *out)
{
	const struct gomap_type *type = map->type;
	if (map->count == 0)
		return false;
	uint8_t top = tophash(hash);
	uint8_t *bucket = chain_of(map, hash);
	for (; bucket != NULL; bucket = *overflow_of(type, bucket)) {
		for (uint32_t i = 0; i < GOMAP_CELLS; i++) {
			if (bucket[i] == GOMAP_EMPTY_REST)
				return false;
			*out = (struct cell){bucket, i};
			if (bucket[i] == top &&
			    type->equal(key, key_of(type, *out), type->key_size))
				return true;
		}
	}
	return false;
}

/* The first free cell of a hash's chain, which it makes longer if there is none. Its tophash and
 * the count are set as for an entry; its slots are for the caller to fill. */
static struct cell
cell_new(struct gomap *map, uint64_t hash)
{
	if (growth_is_due(map)) {
		growth_start(map);
		growth_work(map, hash);
	}
	struct cell cell = {chain_of(map, hash), 0};
	while (cell.bucket[cell.index] >= GOMAP_FULL) {
		if (++cell.index < GOMAP_CELLS)
			continue;
		uint8_t *next = *overflow_of(map->type, cell.bucket);
		cell = (struct cell){next != NULL ? next : overflow_append(map, cell.bucket), 0};
	}
	cell.bucket[cell.index] = tophash(hash);
	map->count++;
	return cell;
}

static void
write_begin(struct gomap *map, uint64_t hash)
{
	if (map->buckets == NULL)
		array_make(map);
	growth_work(map, hash);
}

bool
gomap_insert(struct gomap *map, const void *key, const void *value)
{
	struct cell cell;
	uint64_t hash = hash_of(map, key);
	write_begin(map, hash);
	if (cell_find(map, hash, key, &cell)) {
		memcpy(value_of(map->type, cell), value, map->type->value_size);
		return false;
	}
	cell_fill(map, cell_new(map, hash), key, value);
	return true;
}

void *
gomap_lookup(const struct gomap *map, const void *key)
{
	struct cell cell;
	if (!cell_find(map, hash_of(map, key), key, &cell))
		return NULL;
	return value_of(map->type, cell);
}

static bool
is_followed(const struct gomap_type *type, struct cell cell)
{
	if (cell.index + 1 < GOMAP_CELLS)
		return cell.bucket[cell.index + 1] != GOMAP_EMPTY_REST;
	uint8_t *next = *overflow_of(type, cell.bucket);
	return next != NULL && next[0] != GOMAP_EMPTY_REST;
}

/* The cell before this one in its chain; false at the chain's first. */
static bool
cell_back(const struct gomap_type *type, uint8_t *chain, struct cell *cell)
{
	if (cell->index > 0) {
		cell->index--;
		return true;
	}
	if (cell->bucket == chain)
		return false;
	uint8_t *before = chain;
	while (*overflow_of(type, before) != cell->bucket)
		before = *overflow_of(type, before);
	*cell = (struct cell){before, GOMAP_CELLS - 1};
	return true;
}

/* Frees a cell's tophash: lookups stop at the first cell behind which nothing is left. */
static void
cell_release(const struct gomap_type *type, uint8_t *chain, struct cell cell)
{
	cell.bucket[cell.index] = GOMAP_EMPTY;
	if (is_followed(type, cell))
		return;
	do {
		cell.bucket[cell.index] = GOMAP_EMPTY_REST;
	} while (cell_back(type, chain, &cell) && cell.bucket[cell.index] == GOMAP_EMPTY);
}

bool
gomap_delete(struct gomap *map, const void *key)
{
	struct cell cell;
	uint64_t hash = hash_of(map, key);
	growth_work(map, hash);
	if (!cell_find(map, hash, key, &cell))
		return false;
	cell_clear(map, cell);
	cell_release(map->type, chain_of(map, hash), cell);
	map->count--;
	return true;
}

/* ---- the whole map */

struct gomap_type
gomap_type_of(uint32_t key_size, uint32_t value_size, uint8_t flags)
{
	struct gomap_type type = {
	    .key_size = key_size, .value_size = value_size, .flags = flags,
	    .hash = hash_bytes, .equal = equal_bytes,
	};
	if (key_size > GOMAP_INLINE_MAX)
		type.flags |= GOMAP_INDIRECT_KEY;
	if (value_size > GOMAP_INLINE_MAX)
		type.flags |= GOMAP_INDIRECT_VALUE;
	type.key_slot = key_size > GOMAP_INLINE_MAX ? sizeof(void *) : (uint8_t)key_size;
	type.value_slot = value_size > GOMAP_INLINE_MAX ? sizeof(void *) : (uint8_t)value_size;
	type.bucket_size = GOMAP_CELLS * (1u + type.key_slot + type.value_slot) + sizeof(void *);
	return type;
}

__attribute__((noinline)) static struct gomap *
gomap_header_new(void)
{
	return checked(calloc(1, sizeof(struct gomap)));
}

struct gomap *
gomap_new(const struct gomap_type *type, uint32_t seed)
{
	struct gomap *map = gomap_header_new();
	map->type = type;
	map->hash0 = seed;
	return map;
}

/* Frees the arrays and chains, the garbage and the header: all but the out-of-line blocks. */
static void
map_free_shell(struct gomap *map)
{
	if (map->oldbuckets != NULL)
		growth_finish(map);
	if (map->chained > 0)
		chains_loosen(map, map->buckets, map->B);
	gomap_collect(map);
	free(map->buckets);
	free(map->extra);
	free(map);
}

static void
indirect_free_all(struct gomap *map)
{
	struct gomap_iterator iterator = gomap_iterate(map);
	struct cell cell;
	if (map->indirect_bytes > 0)
		while (cell_next(&iterator, &cell))
			cell_clear(map, cell);
}

void
gomap_free(struct gomap *map)
{
	indirect_free_all(map);
	map_free_shell(map);
}

void
gomap_clear(struct gomap *map)
{
	if (map->buckets == NULL)
		return;
	indirect_free_all(map);
	if (map->oldbuckets != NULL)
		growth_finish(map);
	chains_loosen(map, map->buckets, map->B);
	map->garbage.bytes += map->chained * map->type->bucket_size;
	memset(map->buckets, 0, array_bytes(map->type, map->B));
	array_reset_reserve(map);
	map->count = 0;
	map->noverflow = 0;
	map->nevacuate = map->chained = map->overflow_used = 0;
}

struct gomap *
gomap_rebuild(struct gomap *map)
{
	struct gomap *fresh = gomap_new(map->type, map->hash0);
	struct gomap_iterator iterator = gomap_iterate(map);
	struct cell from;
	while (cell_next(&iterator, &from)) {
		uint64_t hash = hash_of(map, key_of(map->type, from));
		write_begin(fresh, hash);
		struct cell to = cell_new(fresh, hash);
		memcpy(key_slot(map->type, to), key_slot(map->type, from), map->type->key_slot);
		memcpy(value_slot(map->type, to), value_slot(map->type, from),
		       map->type->value_slot);
	}
	fresh->indirect_bytes = map->indirect_bytes;
	map_free_shell(map);
	gomap_collect(fresh);
	return fresh;
}
