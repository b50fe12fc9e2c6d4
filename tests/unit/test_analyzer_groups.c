/*
 * Which maps are shown and in which order, how they are put into groups, and how a number is spread
 * over the maps of one.
 */
#include "tests/unit/test_analyzer_sample.h"

enum { MAPS_MAX = 64, FIRST = 0x10000, APART = 0x10000 };

struct table {
	struct trace *trace;
	struct trace_snapshot_rows *rows;
	uint32_t stacks[4];
	struct model *model;
};

/* Maps come by add(), one snapshot holds them all. */
static void
begin(struct table *table)
{
	table->trace = sample_trace();
	for (int i = 0; i < 4; i++)
		table->stacks[i] = sample_stack(table->trace, TRACE_BUCKETS, 0);
	table->rows = sample_snapshot(table->trace, "exit");
}

static struct trace_map *
add(struct table *table, int stack, uint64_t held, uint64_t needed)
{
	uint64_t address = FIRST + APART * (uint64_t)table->rows->maps_count;

	return sample_whole_map(table->rows, address, table->stacks[stack], held, needed);
}

static const struct model_snapshot *
understand(struct table *table)
{
	table->model = sample_model(table->trace);
	return &table->model->snapshots[0];
}

/* The numbers of the maps (in the order of their addresses) as they are listed. */
static void
expect_list(const struct model_snapshot *snapshot, struct model_filter filter, const int *wanted,
	    size_t wanted_count)
{
	size_t count;
	const struct model_map **maps = model_list(snapshot, &filter, &count);

	assert_non_null(maps);
	assert_int_equal(count, wanted_count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal((maps[i]->row->address - FIRST) / APART, wanted[i]);
	free(maps);
}

#define EXPECT_LIST(snapshot, sort_by, ...)                                                        \
	expect_list(snapshot, (struct model_filter){.sort = MODEL_SORT_##sort_by},                 \
		    (const int[]){__VA_ARGS__},                                                    \
		    sizeof((const int[]){__VA_ARGS__}) / sizeof(int))

static void
maps_are_sorted_by_what_is_asked_for(void **state)
{
	struct table table;
	const struct model_snapshot *snapshot;

	begin(&table);
	add(&table, 0, 5000, 4000)->count = 7;   /* 0: retains 1000 */
	add(&table, 0, 3000, 0)->count = 9;      /* 1: retains 3000 */
	add(&table, 0, 9000, 9000)->count = 8;   /* 2: retains nothing */
	add(&table, 0, 4000, 1000)->count = 9;   /* 3: retains 3000 and holds more than 1 */
	for (uint32_t i = 0; i < 4; i++)
		table.rows->maps[i].longest_chain = table.rows->maps[i].longest_probe =
		    TRACE_UNKNOWN;
	table.rows->maps[2].longest_chain = 4;
	table.rows->maps[0].longest_probe = 6;
	snapshot = understand(&table);
	EXPECT_LIST(snapshot, RETAINED, 3, 1, 0, 2);
	EXPECT_LIST(snapshot, HELD, 2, 0, 3, 1);
	EXPECT_LIST(snapshot, COUNT, 3, 1, 2, 0);
	EXPECT_LIST(snapshot, CHAIN, 0, 2, 3, 1);
	EXPECT_LIST(snapshot, ADDRESS, 0, 1, 2, 3);
	model_close(table.model);
}

static void
equal_maps_come_by_address(void **state)
{
	static const int wanted[] = {0, 1, 2, 3, 4, 5, 6, 7};
	struct table table;
	const struct model_snapshot *snapshot;

	begin(&table);
	for (int i = 0; i < 8; i++)
		add(&table, i % 2, 1000, 0);
	snapshot = understand(&table);
	for (int sort = MODEL_SORT_RETAINED; sort <= MODEL_SORT_ADDRESS; sort++)
		expect_list(snapshot, (struct model_filter){.sort = (enum model_sort)sort},
			    wanted, 8);
	model_close(table.model);
}

static void
what_is_not_known_comes_last(void **state)
{
	struct table table;
	const struct model_snapshot *snapshot;

	begin(&table);
	add(&table, 0, 8000, TRACE_UNKNOWN)->count = TRACE_UNKNOWN;
	add(&table, 0, 1000, 0)->count = 1;
	snapshot = understand(&table);
	EXPECT_LIST(snapshot, RETAINED, 1, 0);
	EXPECT_LIST(snapshot, COUNT, 1, 0);
	EXPECT_LIST(snapshot, HELD, 0, 1);
	model_close(table.model);
}

static void
a_filter_takes_profiles_and_sizes(void **state)
{
	static const int large[] = {1};
	struct table table;
	const struct model_snapshot *snapshot;
	struct model_filter filter = {.minimum = 2000};

	begin(&table);
	add(&table, 0, 1999, 0);
	add(&table, 0, 2000, 0);
	snapshot = understand(&table);
	expect_list(snapshot, filter, large, 1);
	filter.profile = "sam*";
	expect_list(snapshot, filter, large, 1);
	filter.profile = "other*";
	expect_list(snapshot, filter, NULL, 0);
	filter = (struct model_filter){.minimum = TRACE_UNKNOWN};
	expect_list(snapshot, filter, NULL, 0);
	model_close(table.model);
}

/* ---- groups */

static struct model_group *
groups_of(struct table *table, enum model_sort sort, size_t *count)
{
	struct model_filter filter = {.sort = sort};
	size_t maps;
	const struct model_map **list = model_list(&table->model->snapshots[0], &filter, &maps);
	struct model_group *groups = model_groups(table->model, list, maps, sort, count);

	assert_non_null(groups);
	free(list);
	return groups;
}

static void
each_map_is_in_one_group_and_sums_agree(void **state)
{
	struct table table;
	struct model_group *groups;
	size_t count;
	uint64_t held = 0, retained = 0;
	bool is_seen[MAPS_MAX] = {false};

	begin(&table);
	for (int i = 0; i < MAPS_MAX; i++)
		add(&table, i % 4, 1000 * (uint64_t)(i + 1), 500);
	understand(&table);
	groups = groups_of(&table, MODEL_SORT_RETAINED, &count);
	assert_int_equal(count, 4); /* one for each place that made some */
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(groups[i].totals.maps, MAPS_MAX / 4);
		held += groups[i].totals.held;
		retained += groups[i].totals.retained;
		for (uint64_t j = 0; j < groups[i].totals.maps; j++) {
			const struct trace_map *row = groups[i].maps[j]->row;
			size_t number = (row->address - FIRST) / APART;
			assert_int_equal(row->stack, groups[i].worst->row->stack);
			assert_false(is_seen[number]);
			is_seen[number] = true;
		}
	}
	assert_int_equal(held, table.model->snapshots[0].totals.held);
	assert_int_equal(retained, table.model->snapshots[0].totals.retained);
	/* the worst group first, in it the worst map */
	assert_int_equal(groups[0].worst->row->bucket_bytes, 1000 * MAPS_MAX);
	assert_int_equal(groups[3].worst->row->bucket_bytes, 1000 * (MAPS_MAX - 3));
	free(groups);
	model_close(table.model);
}

static void
groups_follow_the_order_that_is_asked_for(void **state)
{
	struct table table;
	struct model_group *groups;
	size_t count;

	begin(&table);
	add(&table, 0, 9000, 9000)->count = 1;
	add(&table, 1, 1000, 0)->count = 2;
	add(&table, 2, 600, 100)->count = 30;
	add(&table, 2, 600, 100)->count = 30;
	understand(&table);
	groups = groups_of(&table, MODEL_SORT_HELD, &count);
	assert_int_equal(count, 3);
	assert_int_equal(groups[0].worst->row->stack, table.stacks[0]);
	free(groups);
	groups = groups_of(&table, MODEL_SORT_RETAINED, &count);
	assert_int_equal(groups[0].worst->row->stack, table.stacks[2]); /* 1,000 too, holds more */
	free(groups);
	groups = groups_of(&table, MODEL_SORT_COUNT, &count);
	assert_int_equal(groups[0].worst->row->stack, table.stacks[2]);
	free(groups);
	model_close(table.model);
}

static void
no_maps_make_no_groups(void **state)
{
	struct table table;
	struct model_group *groups;
	size_t count = 7;

	begin(&table);
	understand(&table);
	groups = groups_of(&table, MODEL_SORT_RETAINED, &count);
	assert_int_equal(count, 0);
	free(groups);
	model_close(table.model);
}

/* ---- spreads */

/* Of one group that holds these. */
static struct model_spread
spread_of(const uint64_t *held, size_t count, enum model_measure measure)
{
	struct table table;
	struct model_group *groups;
	struct model_spread spread;
	size_t group_count;

	begin(&table);
	for (size_t i = 0; i < count; i++)
		add(&table, 0, held[i], 0);
	understand(&table);
	groups = groups_of(&table, MODEL_SORT_RETAINED, &group_count);
	assert_int_equal(group_count, 1);
	spread = model_spread(&groups[0], measure);
	free(groups);
	model_close(table.model);
	return spread;
}

static void
a_spread_is_of_values_that_are_there(void **state)
{
	struct model_spread one = spread_of((const uint64_t[]){7}, 1, MODEL_HELD);
	struct model_spread two = spread_of((const uint64_t[]){90, 10}, 2, MODEL_HELD);
	uint64_t many[11];

	assert_int_equal(one.known, 1);
	assert_true(one.least == 7 && one.median == 7 && one.nine_tenths == 7 && one.most == 7);
	assert_true(two.least == 10 && two.median == 10 && two.nine_tenths == 90 && two.most == 90);
	for (uint64_t i = 0; i < 11; i++)
		many[i] = 100 * (11 - i);
	two = spread_of(many, 10, MODEL_RETAINED); /* 200 to 1100 */
	assert_true(two.least == 200 && two.median == 600 && two.nine_tenths == 1000);
	assert_int_equal(two.most, 1100);
	two = spread_of(many, 11, MODEL_RETAINED); /* 100 to 1100 */
	assert_true(two.median == 600 && two.nine_tenths == 1000 && two.most == 1100);
}

static void
a_spread_leaves_out_what_is_not_known(void **state)
{
	struct table table;
	struct model_group *groups;
	struct model_spread spread;
	size_t count;

	begin(&table);
	add(&table, 0, 100, 0)->count = TRACE_UNKNOWN;
	add(&table, 0, 100, 0)->count = 500; /* of 1,000 */
	add(&table, 0, 100, TRACE_UNKNOWN)->count = 100;
	understand(&table);
	groups = groups_of(&table, MODEL_SORT_HELD, &count);
	spread = model_spread(&groups[0], MODEL_FILL);
	assert_true(spread.known == 2 && spread.least == 10 && spread.most == 50);
	spread = model_spread(&groups[0], MODEL_COUNT);
	assert_true(spread.known == 2 && spread.median == 100);
	spread = model_spread(&groups[0], MODEL_RETAINED);
	assert_int_equal(spread.known, 2);
	assert_int_equal(model_spread(&groups[0], MODEL_HELD).known, 3);
	free(groups);
	model_close(table.model);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(maps_are_sorted_by_what_is_asked_for),
		cmocka_unit_test(equal_maps_come_by_address),
		cmocka_unit_test(what_is_not_known_comes_last),
		cmocka_unit_test(a_filter_takes_profiles_and_sizes),
		cmocka_unit_test(each_map_is_in_one_group_and_sums_agree),
		cmocka_unit_test(groups_follow_the_order_that_is_asked_for),
		cmocka_unit_test(no_maps_make_no_groups),
		cmocka_unit_test(a_spread_is_of_values_that_are_there),
		cmocka_unit_test(a_spread_leaves_out_what_is_not_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
