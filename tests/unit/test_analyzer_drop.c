/* Why the heap fell: parts that are told apart and add up. */
#include "tests/unit/test_analyzer_sample.h"

static int64_t
sum_of(const struct model_drop *drop)
{
	int64_t sum = 0;

	for (int part = 0; part < MODEL_PARTS; part++)
		sum += (int64_t)drop->fell[part] - (int64_t)drop->grew[part];
	return sum;
}

static struct model_drop
drop_between(const struct model *model, uint32_t from, uint32_t to)
{
	struct model_drop drop;

	assert_int_equal(model_drop(model, &model->snapshots[from], &model->snapshots[to], &drop),
			 0);
	assert_true(sum_of(&drop) == (int64_t)model->snapshots[from].rows->info.live_bytes -
					 (int64_t)model->snapshots[to].rows->info.live_bytes);
	return drop;
}

/* The article: a map keeps its array, the array before it waits for the collector. */
static void
articles_fall_is_the_superseded_array_and_not_deletion(void **state)
{
	struct trace *trace = sample_trace();
	uint32_t array = sample_stack(trace, TRACE_BUCKETS, 0);
	struct trace_snapshot_rows *rows = sample_snapshot(trace, "added");
	struct model_drop drop;
	struct model *model;

	sample_whole_map(rows, 0x5000, array, 3000, 3000)->count = 100;
	sample_live(rows, array, 1500, 1);
	sample_whole_map(sample_snapshot(trace, "collected"), 0x5000, array, 3000, 0);
	model = sample_model(trace);
	drop = drop_between(model, 0, 1);
	assert_int_equal(drop.deleted, 100);
	assert_int_equal(drop.fell[MODEL_DELETION], 0);
	assert_int_equal(drop.fell[MODEL_SUPERSEDED], 1500);
	assert_int_equal(drop.fell[MODEL_OTHER], 0);
	assert_int_equal(drop.fell[MODEL_UNEXPLAINED] + drop.grew[MODEL_UNEXPLAINED], 0);
	drop = drop_between(model, 1, 0);
	assert_int_equal(drop.grew[MODEL_SUPERSEDED], 1500);
	assert_int_equal(drop.inserted, 100);
	model_close(model);
}

static void
every_part_is_told_apart(void **state)
{
	struct trace *trace = sample_trace();
	uint32_t array = sample_stack(trace, TRACE_BUCKETS, 0);
	uint32_t node = sample_stack(trace, TRACE_OVERFLOW, 0);
	uint32_t user = sample_stack(trace, TRACE_OTHER, 0);
	struct trace_snapshot_rows *rows = sample_snapshot(trace, "before");
	struct trace_map *map;
	struct model_drop drop;
	struct model *model;

	map = sample_whole_map(rows, 0x5000, array, 1000, 0); /* stays: nodes and values go */
	map->count = 10;
	map->overflow_bytes = 160;
	map->value_bytes = 70;
	sample_live(rows, node, 160, 10);
	sample_claim(rows, node, TRACE_OVERFLOW, 160, 10);
	sample_live(rows, user, 70 + 500, 12); /* values, and memory of other code */
	sample_claim(rows, user, TRACE_VALUES, 70, 10);
	sample_whole_map(rows, 0x6000, array, 200, 0); /* vanishes */

	rows = sample_snapshot(trace, "after");
	map = sample_whole_map(rows, 0x5000, array, 1000, 0);
	map->count = 4;
	map->overflow_bytes = 64;
	map->value_bytes = 28;
	sample_live(rows, node, 64, 4);
	sample_claim(rows, node, TRACE_OVERFLOW, 64, 4);
	sample_live(rows, user, 28 + 450, 5);
	sample_claim(rows, user, TRACE_VALUES, 28, 4);
	sample_whole_map(rows, 0x7000, array, 50, 0); /* new */
	model = sample_model(trace);
	drop = drop_between(model, 0, 1);
	assert_int_equal(drop.deleted, 6);
	assert_int_equal(drop.fell[MODEL_DELETION], 96);
	assert_int_equal(drop.fell[MODEL_DELETION_VALUES], 42);
	assert_int_equal(drop.fell[MODEL_VANISHED], 200);
	assert_int_equal(drop.grew[MODEL_VANISHED], 50);
	assert_int_equal(drop.fell[MODEL_OTHER], 50);
	assert_int_equal(drop.fell[MODEL_SUPERSEDED], 0);
	assert_int_equal(drop.stayed_maps, 1);
	assert_int_equal(drop.vanished_maps, 1);
	assert_int_equal(drop.new_maps, 1);
	assert_int_equal(drop.fell[MODEL_UNEXPLAINED] + drop.grew[MODEL_UNEXPLAINED], 0);
	model_close(model);
}

static void
old_array_of_a_finished_growth_is_superseded(void **state)
{
	struct trace *trace = sample_trace();
	uint32_t array = sample_stack(trace, TRACE_BUCKETS, 0);
	struct trace_snapshot_rows *rows = sample_snapshot(trace, "growing");
	struct model_drop drop;
	struct model *model;

	sample_whole_map(rows, 0x5000, array, 1000, 0)->old_bucket_bytes = 500;
	sample_live(rows, array, 500, 1);
	sample_claim(rows, array, TRACE_BUCKETS, 500, 1);
	sample_whole_map(sample_snapshot(trace, "grown"), 0x5000, array, 1000, 0);
	model = sample_model(trace);
	drop = drop_between(model, 0, 1);
	assert_int_equal(drop.fell[MODEL_SUPERSEDED], 500);
	assert_int_equal(drop.fell[MODEL_DELETION], 0);
	model_close(model);
}

static void
what_does_not_add_up_is_shown(void **state)
{
	struct trace *trace = sample_trace();
	uint32_t array = sample_stack(trace, TRACE_BUCKETS, 0);
	struct trace_snapshot_rows *rows = sample_snapshot(trace, "before");
	struct model_drop drop;
	struct model *model;

	sample_whole_map(rows, 0x5000, array, 1000, 0);
	rows->info.live_bytes += 30; /* counted while threads went on */
	sample_whole_map(sample_snapshot(trace, "after"), 0x5000, array, 1000, 0);
	model = sample_model(trace);
	drop = drop_between(model, 0, 1);
	assert_int_equal(drop.fell[MODEL_UNEXPLAINED], 30);
	model_close(model);
}

static void
report_shows_the_whole_way_and_the_largest_steps(void **state)
{
	static const uint64_t live[] = {100, 900, 400, 500, 450, 410, 300};
	struct trace *trace = sample_trace();
	uint32_t user = sample_stack(trace, TRACE_OTHER, 0);
	struct model_drop *drops;
	struct model *model;
	size_t count;

	for (size_t i = 0; i < sizeof live / sizeof *live; i++)
		sample_live(sample_snapshot(trace, "interval"), user, live[i], 1);
	model = sample_model(trace);
	assert_int_equal(model_drops(model, &drops, &count), 0);
	assert_int_equal(count, 3);
	assert_int_equal(drops[0].from->index, 1);
	assert_int_equal(drops[0].to->index, 6);
	assert_int_equal(drops[1].from->index, 1); /* 900 to 400 */
	assert_int_equal(drops[2].from->index, 5); /* 410 to 300 */
	free(drops);
	model_close(model);
}

static void
steps_that_tell_nothing_more_are_left_out(void **state)
{
	static const uint64_t live[] = {1000, 990, 300, 290};
	struct trace *trace = sample_trace();
	uint32_t user = sample_stack(trace, TRACE_OTHER, 0);
	struct model_drop *drops;
	struct model *model;
	size_t count;

	for (size_t i = 0; i < sizeof live / sizeof *live; i++)
		sample_live(sample_snapshot(trace, "interval"), user, live[i], 1);
	model = sample_model(trace);
	assert_int_equal(model_drops(model, &drops, &count), 0);
	assert_int_equal(count, 1); /* 990 to 300 is nearly all of it, the others next to nothing */
	assert_int_equal(drops[0].from->index, 0);
	assert_int_equal(drops[0].to->index, 3);
	free(drops);
	model_close(model);
}

static void
heap_that_never_fell_has_no_drop(void **state)
{
	struct trace *trace = sample_trace();
	uint32_t user = sample_stack(trace, TRACE_OTHER, 0);
	struct model_drop *drops;
	struct model *model;
	size_t count;

	sample_live(sample_snapshot(trace, "a"), user, 1, 1);
	sample_live(sample_snapshot(trace, "b"), user, 2, 1);
	model = sample_model(trace);
	assert_int_equal(model_drops(model, &drops, &count), 0);
	assert_int_equal(count, 0);
	free(drops);
	model_close(model);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(articles_fall_is_the_superseded_array_and_not_deletion),
	    cmocka_unit_test(every_part_is_told_apart),
	    cmocka_unit_test(old_array_of_a_finished_growth_is_superseded),
	    cmocka_unit_test(what_does_not_add_up_is_shown),
	    cmocka_unit_test(report_shows_the_whole_way_and_the_largest_steps),
	    cmocka_unit_test(steps_that_tell_nothing_more_are_left_out),
	    cmocka_unit_test(heap_that_never_fell_has_no_drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
