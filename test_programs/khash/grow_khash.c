/*
 * A khash map in the middle of its growth: its allocation functions make a mark before and behind
 * each array that is asked for or given back, its hash function at the first entry that moves. Like
 * erase_moment.h's programs: the map is found true, or refused.
 */
#include "test_programs/erase_moment.h"

#include <stdlib.h>

static struct erase_moment moment;

static bool has_moved; /* an entry */

static void *
made(void *block)
{
	if (block == NULL)
		abort();
	erase_moment_mark(&moment, "flags made");
	return block;
}

static void *
resized(void *block, size_t size)
{
	static int number; /* of this array since the growth began */
	char where[32];
	if (moment.which == NULL)
		number = 0;
	snprintf(where, sizeof(where), "array %d", number);
	erase_moment_mark(&moment, where);
	block = realloc(block, size);
	if (block == NULL)
		abort();
	snprintf(where, sizeof(where), "array %d resized", number++);
	erase_moment_mark(&moment, where);
	return block;
}

static void
freed(void *block)
{
	erase_moment_mark(&moment, "freeing");
	free(block);
	erase_moment_mark(&moment, "freed");
}

#define kmalloc(size) made(malloc(size))
#define krealloc(block, size) resized(block, size)
#define kfree(block) freed(block)
#include <htslib/khash.h>

static inline khint_t
hash_of(uint64_t key)
{
	if (moment.which != NULL && !has_moved) {
		has_moved = true;
		erase_moment_mark(&moment, "moving");
	}
	return (khint_t)(key * 0x9e3779b1U);
}
#define is_equal(a, b) ((a) == (b))

KHASH_INIT(map, uint64_t, uint64_t, 1, hash_of, is_equal)

static void
put(khash_t(map) *table, uint64_t key)
{
	int result;
	khint_t at = kh_put(map, table, key, &result);
	kh_value(table, at) = key;
}

int
main(void)
{
	khash_t(map) *table = kh_init(map);

	for (uint64_t key = 0; kh_size(table) < 1000 || kh_size(table) < table->upper_bound; key++)
		put(table, key);
	moment = (struct erase_moment){"growing", (uintptr_t)table, kh_size(table), kh_size(table)};
	put(table, UINT64_MAX);
	moment.which = NULL;
	return 0;
}
