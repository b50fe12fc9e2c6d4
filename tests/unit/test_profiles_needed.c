/*
 * Protects: `needed` of the shipped profiles is what a fresh map holds after the same entries went
 * in one by one. uthash is asked live, entry by entry; for libstdc++ and GLib the sizes that
 * their own programs printed are recorded here (GCC 12.2, GLib 2.74).
 */
#include "tests/unit/test_profiles_sample.h"

#include <stdlib.h>
#include <uthash.h>

static struct profile profile;
static struct profile_scope scope;

static void
compile(const char *name)
{
	sample_compile_shipped(&profile, name);
	memset(&scope, 0, sizeof scope);
}

static uint16_t
name_index(const char *name)
{
	for (uint16_t i = 0; i < profile.name_count; i++) {
		if (strcmp(profile.names[i], name) == 0)
			return i;
	}
	fail_msg("the profile defines no '%s'", name);
	return 0;
}

static void
set(const char *name, struct profile_value value)
{
	uint16_t i = name_index(name);
	scope.values[i] = value;
	scope.known[i] = true;
}

static void
set_integer(const char *name, int64_t integer)
{
	set(name, (struct profile_value){.integer = integer});
}

/* Runs what leads to `needed`; its low and high end. */
static void
needed(uint64_t *low, uint64_t *high)
{
	for (int i = 0; i < profile.needed_step_count; i++)
		assert_true(profile_run_step(&profile, &profile.needed_steps[i], &scope, NULL));
	assert_true(profile_evaluate_unsigned(&profile, profile.needed_low, &scope, NULL, low));
	assert_true(profile_evaluate_unsigned(&profile, profile.needed_high, &scope, NULL, high));
}

static uint64_t
needed_exactly(void)
{
	uint64_t low, high;
	needed(&low, &high);
	assert_int_equal(low, high);
	return high;
}

/* From so many entries on, a map that grew one by one has so many buckets. */
struct growth {
	int64_t count;
	uint64_t buckets;
};

/* Each row's count, and the count before the next row's. */
static void
expect_growth(const struct growth *rows, size_t count, uint64_t bytes_a_bucket)
{
	for (size_t i = 0; i < count; i++) {
		set_integer("count", rows[i].count);
		assert_int_equal(needed_exactly(), rows[i].buckets * bytes_a_bucket);
		if (i + 1 < count) {
			set_integer("count", rows[i + 1].count - 1);
			assert_int_equal(needed_exactly(), rows[i].buckets * bytes_a_bucket);
		}
	}
}

static void
start_libstdcxx(double load)
{
	compile("libstdcxx-unordered");
	set("load", (struct profile_value){.is_real = true, .real = load});
	for (int i = 0; i < profile.walk_count; i++)
		scope.walks[i].done = true; /* without nodes: the array alone */
}

static void
test_libstdcxx_grows_along_its_primes(void **state)
{
	static const struct growth rows[] = {
		{0, 0}, {1, 13}, {14, 29}, {30, 59}, {60, 127}, {128, 257}, {258, 541}, {542, 1109},
		{1110, 2357}, {2358, 5087}, {5088, 10273},
	};
	start_libstdcxx(1.0);
	expect_growth(rows, sizeof rows / sizeof *rows, 8);
}

static void
test_libstdcxx_grows_by_its_load_factor(void **state)
{
	static const struct growth half[] = {
	    {1, 23},    {12, 47},    {24, 97},    {49, 199},    {100, 409},
	    {205, 823}, {412, 1741}, {871, 3739}, {1870, 7517}, {3759, 15173},
	};
	static const struct growth two[] = {
	    {1, 7},     {15, 17},   {35, 37},     {75, 79},     {159, 167},
	    {335, 337}, {675, 709}, {1419, 1493}, {2987, 3209},
	};
	static const struct growth sparse[] = {
	    {1, 1109},    {12, 2357},   {24, 5087},    {51, 10273},    {103, 20753},
	    {208, 42043}, {421, 85229}, {853, 172933}, {1730, 351061}, {3511, 712697},
	};
	/* The single bucket in the header is no array. */
	static const struct growth dense[] = {
	    {1, 0}, {51, 2}, {101, 5}, {251, 11}, {551, 23}, {1151, 47}, {2351, 97}, {4851, 199},
	};
	start_libstdcxx(0.5);
	expect_growth(half, sizeof half / sizeof *half, 8);
	start_libstdcxx(2.0);
	expect_growth(two, sizeof two / sizeof *two, 8);
	start_libstdcxx((double)0.01f);
	expect_growth(sparse, sizeof sparse / sizeof *sparse, 8);
	start_libstdcxx(50.0);
	expect_growth(dense, sizeof dense / sizeof *dense, 8);
}

static void
test_libstdcxx_needs_all_its_nodes(void **state)
{
	start_libstdcxx(1.0);
	scope.walks[1].chained_bytes = 16 * 30;
	set_integer("count", 30);
	assert_int_equal(needed_exactly(), 59 * 8 + 16 * 30);
}

static void
test_glib_grows_by_doubling(void **state)
{
	static const struct growth rows[] = {
		{0, 8}, {8, 16}, {16, 32}, {31, 64}, {61, 128}, {121, 256}, {241, 512}, {482, 1024},
		{964, 2048}, {1928, 4096}, {3856, 8192},
	};
	compile("ghashtable");
	set_integer("key_width", 8);
	set_integer("value_width", 8);
	set_integer("slots", 8); /* what a removal leaves of it is no growth */
	set_integer("occupied", 0);
	expect_growth(rows, sizeof rows / sizeof *rows, 20);
	set_integer("value_width", 0); /* a set */
	expect_growth(rows, sizeof rows / sizeof *rows, 12);
}

static void
test_glib_keeps_what_its_own_rule_does_not_shrink(void **state)
{
	uint64_t keeps;
	compile("ghashtable");
	set_integer("key_width", 8);
	set_integer("value_width", 8);
	set_integer("count", 1024);
	set_integer("slots", 4096);
	set_integer("needed", (int64_t)needed_exactly());
	set_integer("held", 20 * 4096);
	assert_true(profile_evaluate_unsigned(&profile, profile.keeps, &scope, NULL, &keeps));
	assert_int_equal(keeps, 20 * 4096);
	set_integer("slots", 8192); /* a removal would shrink this one */
	assert_true(profile_evaluate_unsigned(&profile, profile.keeps, &scope, NULL, &keeps));
	assert_int_equal(keeps, 0);
}

/* A Go-style map of 2^bits slots with so many entries in each. */
static void
start_gohmap(int64_t bits, uint32_t entries)
{
	static uint32_t slots[1 << 18];
	compile("gohmap");
	for (size_t i = 0; i < (size_t)1 << bits; i++)
		slots[i] = entries;
	scope.walks[0] = (struct profile_census){.done = true, .slots = UINT64_C(1) << bits,
		.entries = slots, .cells = 8};
	scope.walks[1].done = true;
	set_integer("bits", bits);
	set_integer("stride", 1104);
	set_integer("old_slots", 0);
	set_integer("old_reserve", 0);
	set_integer("key_slot", 8);
}

static void
test_a_go_map_needs_its_array_reserve_and_chains(void **state)
{
	start_gohmap(18, 0);
	set_integer("count", 1000000);
	assert_int_equal(needed_exactly(), 307494912);
	set_integer("count", 0); /* a fresh map has no array before its first insertion */
	assert_int_equal(needed_exactly(), 0);
	start_gohmap(2, 1); /* 4 entries fold into one bucket */
	set_integer("count", 4);
	assert_int_equal(needed_exactly(), 1104);
	start_gohmap(5, 6); /* 192 of 208: 12 a bucket after folding, were it smaller */
	set_integer("count", 192);
	assert_int_equal(needed_exactly(), 1104 * (32 + 2));
	start_gohmap(6, 3); /* 192 entries again: 6 in each of 32 */
	set_integer("count", 192);
	assert_int_equal(needed_exactly(), 1104 * (32 + 2));
	start_gohmap(5, 9); /* each overflows: two of the 32 find room in the reserve */
	set_integer("count", 200);
	assert_int_equal(needed_exactly(), 1104 * (32 + 2 + 30));
}

static void
test_a_growing_go_map_needs_the_array_it_leaves(void **state)
{
	start_gohmap(5, 0);
	set_integer("count", 105);
	set_integer("old_slots", 16);
	set_integer("old_reserve", 1);
	scope.walks[1].chained_bytes = 1104;
	assert_int_equal(needed_exactly(), 1104 * (34 + 17 + 1));
	set_integer("count", 8); /* and would not, had it entries for a smaller one */
	assert_int_equal(needed_exactly(), 1104);
}

struct entry {
	int key;
	UT_hash_handle hh;
};

/* Its entries' hashes, from the last added on, and room for a table twice as large. */
static void
take_hashes(const UT_hash_table *table)
{
	static uint32_t hashes[1 << 12], room[1 << 14];
	const struct entry *entry = ELMT_FROM_HH(table, table->tail);
	uint64_t count = 0;
	for (; entry != NULL; entry = entry->hh.prev)
		hashes[count++] = entry->hh.hashv;
	scope.walks[1] = (struct profile_census){.done = true, .live = count, .hashed = count,
		.hashes = hashes, .room = room, .room_slots = sizeof room / sizeof *room / 2};
}

/* The table's own words as census and fields. */
static void
take_uthash(const UT_hash_table *table, uint32_t *entries)
{
	take_hashes(table);
	for (unsigned i = 0; i < table->num_buckets; i++)
		entries[i] = table->buckets[i].count;
	scope.walks[0] = (struct profile_census){.done = true, .slots = table->num_buckets,
		.entries = entries, .live = table->num_items, .cells = 1};
	set_integer("bits", table->log2_num_buckets);
	set_integer("stopped", table->noexpand);
	set_integer("count", table->num_items);
}

static void
add_and_compare(struct entry **head, int key)
{
	static uint32_t entries[1 << 16];
	uint64_t low, high;
	struct entry *new = calloc(1, sizeof *new);
	new->key = key;
	HASH_ADD_INT(*head, key, new);
	take_uthash((*head)->hh.tbl, entries);
	needed(&low, &high);
	uint64_t held = sizeof(UT_hash_bucket) * (*head)->hh.tbl->num_buckets;
	assert_int_equal(low, held); /* insertions only: nothing is retained */
	assert_int_equal(high, held);
}

static void
test_uthash_that_only_grew_retains_nothing(void **state)
{
	for (int step = 1; step <= 4096; step *= 64) {
		struct entry *head = NULL, *entry, *other;
		compile("uthash");
		for (int i = 0; i < 2000; i++)
			add_and_compare(&head, i * step);
		HASH_ITER(hh, head, entry, other) {
			HASH_DEL(head, entry);
			free(entry);
		}
	}
}

static void
test_uthash_with_few_entries_left_needs_the_first_table(void **state)
{
	static uint32_t entries[1024];
	uint64_t low, high;
	compile("uthash");
	entries[77] = entries[900] = 1;
	scope.walks[0] = (struct profile_census){.done = true, .slots = 1024, .entries = entries,
		.live = 2, .cells = 1};
	scope.walks[1] = (struct profile_census){.done = true, .live = 2}; /* and no hashes */
	set_integer("bits", 10);
	set_integer("stopped", 0);
	set_integer("count", 2);
	needed(&low, &high);
	assert_int_equal(low, 32 * 16);
	assert_int_equal(high, 32 * 16);
	entries[77] = 10; /* one chain of 10: doubled once for certain, until it splits at most */
	needed(&low, &high);
	assert_int_equal(low, 64 * 16);
	assert_int_equal(high, 1024 * 16);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_libstdcxx_grows_along_its_primes),
		cmocka_unit_test(test_libstdcxx_grows_by_its_load_factor),
		cmocka_unit_test(test_libstdcxx_needs_all_its_nodes),
		cmocka_unit_test(test_glib_grows_by_doubling),
		cmocka_unit_test(test_glib_keeps_what_its_own_rule_does_not_shrink),
		cmocka_unit_test(test_a_go_map_needs_its_array_reserve_and_chains),
		cmocka_unit_test(test_a_growing_go_map_needs_the_array_it_leaves),
		cmocka_unit_test(test_uthash_that_only_grew_retains_nothing),
		cmocka_unit_test(test_uthash_with_few_entries_left_needs_the_first_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
