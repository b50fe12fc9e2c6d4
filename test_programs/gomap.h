/*
 * A Go-style hash map in C, written from the documented layout and rules of Go 1.19 on amd64, so
 * that what the article saw in Go can be traced through malloc. The article's experiment, the
 * gate's programs and the tests use it; profiles/shipped/gohmap.profile describes it from outside.
 *
 *     header                         one block: stride * (2^B + (B >= 4 ? 2^(B - 4) : 0))
 *     +------------+                 +--------+--------+---     ---+----------+---     ---+
 *     | buckets    |---------------->| slot 0 | slot 1 |    ...    | reserve 0|    ...    |
 *     | oldbuckets |--> the array    +--------+--------+---     ---+----------+---     ---+
 *     | extra      |    before, while    |                         ^
 *     +------------+    it is evacuated  +-- overflow -------------+  reserve first, then
 *                                                                     blocks of their own
 *     a bucket: | 8 tophash bytes | 8 key slots | 8 value slots | overflow pointer |
 *
 * Like Go: header fields, buckets, tophash values, growth at 6.5 entries a bucket or at too many
 * overflow buckets, two old buckets evacuated by each write, reserve handed out first, keys and
 * values over 128 bytes out of line, deletion that releases no bucket, clear that keeps the array.
 *
 * Not like Go:
 *  - There is no collector. An array that a growth left behind, and its chains, wait for
 *    gomap_collect; the start of the next growth collects them, as Go's collector, paced by
 *    allocation, has done by then. Out-of-line keys and values are freed at once by delete.
 *  - Bytes are requested bytes: Go rounds blocks up to size classes (1,104 to 1,152) and gives the
 *    rounding of small arrays to the reserve.
 *  - `noverflow` counts exactly below B = 16, as in Go. From there on Go counts each bucket with
 *    chance 1 in 2^(B - 15); this map counts every 2^(B - 15)th, which is the same on average.
 *  - The hash is another one, its seed is the caller's (so runs repeat), and iteration starts at
 *    the first bucket. The type descriptor is this file's own.
 *  - `extra` exists from B = 4 on and knows the reserve only; Go also lists there the overflow
 *    buckets of maps without pointers, and cuts the chains of evacuated buckets with pointers.
 *
 * Rule that must never break: the fields with an offset below, and those of struct gomap_type, do
 * not move: a profile reads them. A map is for one thread. When memory runs out the program ends,
 * as a Go program does.
 */
#ifndef TEST_PROGRAMS_GOMAP_H
#define TEST_PROGRAMS_GOMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	GOMAP_CELLS = 8,        /* entries in a bucket */
	GOMAP_INLINE_MAX = 128, /* larger keys and values are stored out of line */
	GOMAP_RESERVE_B = 4,    /* from this B on an array has a reserve of 2^(B - 4) buckets */
};

enum gomap_tophash {
	GOMAP_EMPTY_REST = 0,      /* free, and so is every cell after it in this chain */
	GOMAP_EMPTY = 1,           /* free */
	GOMAP_EVACUATED_X = 2,     /* moved to the slot of the same number */
	GOMAP_EVACUATED_Y = 3,     /* moved to the slot in the new array's second half */
	GOMAP_EVACUATED_EMPTY = 4, /* was free when its bucket was evacuated */
	GOMAP_FULL = 5,            /* from here on: the top byte of the entry's hash */
};

enum gomap_flag {
	GOMAP_SAME_SIZE_GROWTH = 8, /* the growth under way does not double */
};

enum gomap_type_flag {
	GOMAP_INDIRECT_KEY = 1,    /* the key slot points at a block of the map's own */
	GOMAP_INDIRECT_VALUE = 2,  /* the same for the value slot */
	GOMAP_POINTER_VALUE = 4,   /* the value is a pointer to a block that the map's user owns */
};

struct gomap_type {
	uint64_t bucket_size; /* @0  8 + 8 * key_slot + 8 * value_slot + 8 */
	uint8_t key_slot;     /* @8  bytes of a key in a bucket: key_size, or 8 if indirect */
	uint8_t value_slot;   /* @9 */
	uint8_t flags;        /* @10 enum gomap_type_flag */
	uint8_t zero;         /* @11 */
	uint32_t key_size;    /* @12 */
	uint32_t value_size;  /* @16 */
	uint32_t zero_too;    /* @20 */
	uint64_t (*hash)(const void *key, size_t size, uint32_t seed);
	bool (*equal)(const void *one, const void *other, size_t size);
};

struct gomap_extra {
	void *overflow;      /* @0  NULL here */
	void *old_overflow;  /* @8  NULL here */
	void *next_overflow; /* @16 first reserved bucket not handed out yet, or NULL */
};

/* What a growth or a clear left behind. */
struct gomap_garbage {
	void *array;      /* with its chains still linked to it, or NULL */
	void *loose;      /* overflow buckets of no array, linked by their overflow pointers */
	uint64_t bytes;   /* of all that */
	uint64_t chained; /* overflow buckets that are blocks of their own, on `array` */
	uint8_t array_B;
};

struct gomap {
	int64_t count;              /* @0  live entries */
	uint8_t flags;              /* @8  enum gomap_flag */
	uint8_t B;                  /* @9  the array has 2^B slots */
	uint16_t noverflow;         /* @10 overflow buckets in use; see above */
	uint32_t hash0;             /* @12 seed */
	void *buckets;              /* @16 NULL until the first insertion */
	void *oldbuckets;           /* @24 array being evacuated, or NULL */
	uint64_t nevacuate;         /* @32 old slots below this one are evacuated */
	struct gomap_extra *extra;  /* @40 NULL below B = 4 */
	const struct gomap_type *type; /* @48 */
	/* Bookkeeping that Go does not have. */
	uint64_t overflow_used;     /* overflow buckets taken since the array was made */
	uint64_t chained;           /* those of `buckets` that are blocks of their own */
	uint64_t old_chained;       /* the same of `oldbuckets` */
	uint64_t indirect_bytes;    /* out-of-line keys and values */
	struct gomap_garbage garbage;
};

_Static_assert(offsetof(struct gomap_type, flags) == 10, "profiles read it");
_Static_assert(offsetof(struct gomap_type, value_size) == 16, "profiles read it");
_Static_assert(offsetof(struct gomap, hash0) == 12, "profiles read it");
_Static_assert(offsetof(struct gomap, buckets) == 16, "profiles read it");
_Static_assert(offsetof(struct gomap, extra) == 40, "profiles read it");
_Static_assert(offsetof(struct gomap, type) == 48, "profiles read it");

/* Requested bytes that the map holds, each byte in exactly one part. */
struct gomap_usage {
	uint64_t header;     /* header and extra */
	uint64_t buckets;    /* bucket array in use, without its reserve */
	uint64_t reserved;   /* its reserve, handed out or not */
	uint64_t old;        /* array being evacuated, with its reserve */
	uint64_t chained;    /* overflow buckets that are blocks of their own, of both arrays */
	uint64_t superseded; /* arrays and chains that wait for gomap_collect */
	uint64_t indirect;   /* out-of-line keys and values; not what the user's pointers point
	                      * at */
};

/* A type for keys and values of these sizes, hashed and compared as bytes (so: no padding in keys).
 * `flags`: 0 or GOMAP_POINTER_VALUE; value_size is that of the pointer then. */
struct gomap_type gomap_type_of(uint32_t key_size, uint32_t value_size, uint8_t flags);

/* An empty map without a bucket array. `type` must outlive it. */
struct gomap *gomap_new(const struct gomap_type *type, uint32_t seed);

/* Frees the map with its garbage and out-of-line blocks; what the user's pointers point at
 * stays. */
void gomap_free(struct gomap *map);

/* Copies the key, if it is new, and the value. Returns whether the key was new. */
bool gomap_insert(struct gomap *map, const void *key, const void *value);

/* The value's place, valid until the next write to the map; NULL if the key is not there. */
void *gomap_lookup(const struct gomap *map, const void *key);

/* Returns whether the key was there. Releases no bucket. */
bool gomap_delete(struct gomap *map, const void *key);

/* Removes all entries and keeps the array. Its chains, and the array of a growth under way, wait
 * for gomap_collect. */
void gomap_clear(struct gomap *map);

/* A new map with the same entries, inserted one by one; `map` and all garbage are gone. Old and new
 * exist together meanwhile. Out-of-line blocks move over, they are not copied. */
struct gomap *gomap_rebuild(struct gomap *map);

/* Frees what growths and clears left behind, as a run of Go's collector would. */
void gomap_collect(struct gomap *map);

struct gomap_usage gomap_usage(const struct gomap *map);
uint64_t gomap_usage_total(const struct gomap_usage *usage);

/* Entries that the array takes before it doubles: 8, then 6.5 a bucket; 0 without an array. */
uint64_t gomap_capacity(const struct gomap *map);

/* Visits each entry once, in no useful order. Sound while nobody writes to the map; a deletion of
 * the entry just visited is a write too. */
struct gomap_iterator {
	const struct gomap *map;
	uint8_t *bucket;       /* present bucket, NULL before the first of the present array */
	uint64_t slot;         /* next main slot */
	uint32_t cell;         /* next cell of `bucket` */
	bool in_old;           /* in the array being evacuated, which comes first */
};
struct gomap_iterator gomap_iterate(const struct gomap *map);
/* False at the end. `key` and `value` may be NULL. */
bool gomap_next(struct gomap_iterator *iterator, const void **key, void **value);

#endif
