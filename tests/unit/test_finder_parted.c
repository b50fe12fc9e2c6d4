/*
 * One list through all buckets, and slots that each point to the node behind which their bucket's
 * nodes begin: how long the buckets are, and that nothing is told where list and slots disagree.
 */
#include "tests/unit/test_finder_guest.h"

/*
 *     header: slots' array +0, number of slots +8, first node +16, count +24
 *     node:   next +0, 40 bytes
 */
enum { SLOTS = 16, NODE = 40, NODES_MAX = 64 };

static const char profile[] =
    "profile parted\n"
    "title \"test list\"\n"
    "minimum 64\n"
    "wake always\n"
    "anchor array at header points base\n"
    "field slots u64 at header + 8\n"
    "field first ptr at header + 16\n"
    "field entries u64 at header + 24\n"
    "require slots >= 8 && slots < 1M && size(array) == 8 * slots\n"
    "walk starts table {\n"
    "at array\ncount slots\nstride 8\nlive ptr[bucket] != 0\n"
    "}\n"
    "walk nodes chain {\n"
    "from first\nnext ptr[node]\nparted_by starts\n"
    "}\n"
    "require live(nodes) == entries\n"
    "count entries\n"
    "part buckets in array bytes 8 * slots\n"
    "needed 8 * slots + 40 * count\n";

static const uint64_t header = GUEST_GLOBAL + 64;

struct list {
	uint64_t array, nodes[NODES_MAX];
	size_t count;
};

static void
make(struct guest *guest, struct list *list)
{
	guest_open(guest);
	guest_profile(guest, profile);
	*list = (struct list){.array = guest_block(guest, 8 * SLOTS)};
	guest_put(guest, header, list->array);
	guest_put(guest, header + 8, SLOTS);
}

/* Puts `nodes` entries of the bucket of `slot` behind those that there are. */
static void
append_bucket(struct guest *guest, struct list *list, unsigned slot, unsigned nodes)
{
	uint64_t before = list->count ? list->nodes[list->count - 1] : header + 16;

	guest_put(guest, list->array + 8 * slot, before);
	for (unsigned i = 0; i < nodes; i++) {
		uint64_t node = guest_block(guest, NODE);

		guest_put(guest, before, node);
		list->nodes[list->count++] = before = node;
	}
	guest_put(guest, header + 24, list->count);
}

static void
expect(struct guest *guest, uint64_t used, uint64_t longest)
{
	guest_find(guest);
	assert_int_equal(guest->result.map_count, 1);
	assert_int_equal(guest->result.maps[0].used_buckets, used);
	assert_int_equal(guest->result.maps[0].longest_chain, longest);
}

static void
buckets_are_counted_from_mark_to_mark(void **state)
{
	struct guest guest;
	struct list list;

	make(&guest, &list);
	append_bucket(&guest, &list, 7, 3);
	append_bucket(&guest, &list, 2, 1);
	append_bucket(&guest, &list, 15, 5);
	append_bucket(&guest, &list, 0, 2);
	expect(&guest, 4, 5);
	guest_close(&guest);
}

static void
a_bucket_of_all_nodes_is_one(void **state)
{
	struct guest guest;
	struct list list;

	make(&guest, &list);
	append_bucket(&guest, &list, 3, 40);
	expect(&guest, 1, 40);
	guest_close(&guest);
}

static void
no_nodes_are_no_buckets(void **state)
{
	struct guest guest;
	struct list list;

	make(&guest, &list);
	expect(&guest, 0, 0);
	guest_close(&guest);
}

static void
a_slot_too_many_tells_nothing(void **state)
{
	struct guest guest;
	struct list list;

	make(&guest, &list);
	append_bucket(&guest, &list, 7, 3);
	append_bucket(&guest, &list, 2, 4);
	guest_put(&guest, list.array + 8 * 9, list.nodes[2]); /* two slots, one place */
	expect(&guest, TRACE_UNKNOWN, TRACE_UNKNOWN);
	guest_close(&guest);
}

static void
a_slot_that_points_to_no_node_tells_nothing(void **state)
{
	struct guest guest;
	struct list list;

	make(&guest, &list);
	append_bucket(&guest, &list, 7, 3);
	append_bucket(&guest, &list, 2, 4);
	guest_put(&guest, list.array + 8 * 2, list.nodes[2] + 8);
	expect(&guest, TRACE_UNKNOWN, TRACE_UNKNOWN);
	guest_close(&guest);
}

/* Two maps in one search share the marks of blocks. */
static void
a_map_does_not_part_another(void **state)
{
	const uint64_t other = GUEST_GLOBAL + 256;
	struct guest guest;
	struct list first;

	make(&guest, &first);
	append_bucket(&guest, &first, 7, 2);
	append_bucket(&guest, &first, 2, 2);
	uint64_t slots = guest_block(&guest, 8 * SLOTS), last = other + 16;
	guest_put(&guest, other, slots);
	guest_put(&guest, other + 8, SLOTS);
	guest_put(&guest, other + 24, 6);
	guest_put(&guest, slots + 8, other + 16);
	for (unsigned i = 0; i < 6; i++) {
		uint64_t node = guest_block(&guest, NODE);

		guest_put(&guest, last, node);
		last = node;
	}
	guest_find(&guest);
	assert_int_equal(guest.result.map_count, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct trace_map *map = &guest.result.maps[i];

		assert_int_equal(map->used_buckets, map->address == other ? 1 : 2);
		assert_int_equal(map->longest_chain, map->address == other ? 6 : 2);
	}
	guest_close(&guest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_are_counted_from_mark_to_mark),
		cmocka_unit_test(a_bucket_of_all_nodes_is_one),
		cmocka_unit_test(no_nodes_are_no_buckets),
		cmocka_unit_test(a_slot_too_many_tells_nothing),
		cmocka_unit_test(a_slot_that_points_to_no_node_tells_nothing),
		cmocka_unit_test(a_map_does_not_part_another),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
