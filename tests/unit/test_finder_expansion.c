/*
 * memcached's table while its own thread moves the items of one bucket to the new table, one store
 * after the other: after each of them the shipped profile counts every item once, or says that the
 * table is busy. memcached keeps no count that could be compared.
 *
 *     old[7]   a -> b -> c                 per item:  a.next = new[k]    then   new[k] = a
 *     new[7], new[7 + HALF]   empty        at last:   old[7] = 0         then   moved = 8
 */
#include "tests/unit/test_finder_guest.h"
#include "tests/unit/test_profiles_sample.h"

enum { SLOTS = 4096, HALF = SLOTS / 2, MOVING = 7, ITEM = 64, ITEMS_MAX = 4, ELSEWHERE = 3 };
enum { MOVED_BEFORE = 3 }; /* a bucket */

#define PRIMARY (GUEST_GLOBAL + 64) /* the globals lie around it */
#define MOVED (PRIMARY - 24)

struct expansion {
	struct guest guest;
	uint64_t primary, old, slab, items[ITEMS_MAX];
	unsigned count, used;
};

/* A linked item of slab class 1. */
static uint64_t
add_item(struct expansion *expansion, uint64_t next)
{
	uint64_t item = expansion->slab + ITEM * expansion->used++;
	unsigned char *at = guest_at(&expansion->guest, item);
	guest_put(&expansion->guest, item + 16, next);
	at[36] = at[38] = at[40] = at[41] = 1;
	return item;
}

/* `count` items in the bucket that is next; three others, of which one has been moved. */
static void
begin(struct expansion *expansion, unsigned count)
{
	struct guest *guest = &expansion->guest;
	uint64_t next = 0;
	memset(expansion, 0, sizeof(*expansion));
	guest_open(guest);
	guest_profile(guest, sample_shipped("memcached")->text);
	expansion->primary = guest_block(guest, 8 * SLOTS);
	expansion->old = guest_block(guest, 8 * HALF);
	expansion->slab = guest_block(guest, 16 * ITEM);
	expansion->count = count;
	guest_put(guest, PRIMARY, expansion->primary);
	guest_put(guest, PRIMARY - 8, expansion->old);
	guest_put(guest, PRIMARY - 16, 1);
	guest_put(guest, MOVED, MOVING);
	guest_put(guest, PRIMARY - 32, GUEST_HEAP + 4096); /* a thread */
	for (unsigned i = count; i > 0; i--)
		next = expansion->items[i - 1] = add_item(expansion, next);
	guest_put(guest, expansion->old + 8 * MOVING, next);
	guest_put(guest, expansion->old + 8 * (MOVING + 2),
	          add_item(expansion, add_item(expansion, 0)));
	guest_put(guest, expansion->primary + 8 * MOVED_BEFORE, add_item(expansion, 0));
}

/* Whether it is found; then with its count. */
static bool
is_found(struct expansion *expansion)
{
	struct finder_result *result = &expansion->guest.result;
	guest_find(&expansion->guest);
	if (result->map_count == 0) {
		assert_int_equal(result->refused_count, 1);
		assert_int_equal(result->refused[0].reason, TRACE_REFUSED_BUSY);
		return false;
	}
	assert_int_equal(result->map_count, 1);
	assert_int_equal(result->maps[0].count, expansion->count + ELSEWHERE);
	assert_true(result->maps[0].flags & TRACE_MAP_GROWING);
	return true;
}

static void
store(struct expansion *expansion, uint64_t address, uint64_t value)
{
	guest_put(&expansion->guest, address, value);
	is_found(expansion);
}

/* Item i goes to the upper half where bit i of `upper` is set. */
static void
move(struct expansion *expansion, unsigned upper)
{
	for (unsigned i = 0; i < expansion->count; i++) {
		uint64_t item = expansion->items[i];
		uint64_t bucket = expansion->primary + 8 * (MOVING + (upper >> i & 1) * HALF);
		store(expansion, item + 16, guest_get(&expansion->guest, bucket));
		store(expansion, bucket, item);
	}
	guest_put(&expansion->guest, expansion->old + 8 * MOVING, 0);
	assert_true(is_found(expansion));
	guest_put(&expansion->guest, MOVED, MOVING + 1);
	assert_true(is_found(expansion));
}

static void
each_store_leaves_a_true_count_or_a_busy_table(void **state)
{
	struct expansion expansion;
	for (unsigned count = 0; count <= ITEMS_MAX; count++)
		for (unsigned upper = 0; upper < 1u << count; upper++) {
			begin(&expansion, count);
			/* one item alone may have been cut off from others */
			assert_int_equal(is_found(&expansion), count != 1);
			move(&expansion, upper);
			guest_close(&expansion.guest);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_store_leaves_a_true_count_or_a_busy_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
