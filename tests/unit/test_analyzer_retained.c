/* What maps need and what they hold beyond it. */
#include "tests/unit/test_analyzer_sample.h"

static const struct model_map *
first(const struct model *model, uint32_t snapshot)
{
	return &model->snapshots[snapshot].maps[0];
}

/* One map in one snapshot, from an ordinary stack. */
static struct model *
one_map(uint64_t buckets, uint64_t old, uint64_t overflow, uint64_t low, uint64_t high,
	uint64_t kept)
{
	struct trace *trace = sample_trace();
	uint32_t stack = sample_stack(trace, TRACE_BUCKETS, 0);
	struct trace_map *map =
	    sample_map(sample_snapshot(trace, "exit"), 0x5000, stack, buckets, 0);

	map->old_bucket_bytes = old;
	map->overflow_bytes = overflow;
	map->needed_low = low;
	map->needed_high = high;
	map->kept_by_rule = kept;
	return sample_model(trace);
}

static void
insert_only_map_retains_nothing(void **state)
{
	struct model *model = one_map(800, 0, 200, 1000, 1000, 0);

	assert_int_equal(first(model, 0)->held, 1000);
	assert_int_equal(first(model, 0)->retained, 0);
	assert_int_equal(first(model, 0)->retained_high, 0);
	assert_int_equal(model->snapshots[0].totals.retained, 0);
	model_close(model);
}

static void
emptied_map_retains_all_it_holds(void **state)
{
	struct model *model = one_map(800, 100, 200, 0, 0, 0);

	assert_int_equal(first(model, 0)->held, 1100);
	assert_int_equal(first(model, 0)->retained, 1100);
	assert_false(first(model, 0)->is_estimate);
	model_close(model);
}

static void
map_below_its_need_retains_nothing(void **state)
{
	struct model *model = one_map(800, 0, 0, 900, 900, 0);

	assert_int_equal(first(model, 0)->retained, 0);
	model_close(model);
}

static void
range_of_need_is_a_range_of_retained(void **state)
{
	struct model *model = one_map(1000, 0, 0, 300, 700, 0);

	assert_int_equal(first(model, 0)->retained, 300);
	assert_int_equal(first(model, 0)->retained_high, 700);
	assert_true(first(model, 0)->is_estimate);
	model_close(model);
}

static void
what_the_own_rule_keeps_is_not_retained(void **state)
{
	struct model *model = one_map(1000, 0, 0, 100, 100, 1000);

	assert_int_equal(first(model, 0)->retained, 0);
	assert_non_null(first(model, 0)->remark);
	model_close(model);
	model = one_map(1000, 0, 0, 100, 100, 400);
	assert_int_equal(first(model, 0)->retained, 600);
	model_close(model);
}

static void
unknown_need_enters_no_sum(void **state)
{
	struct model *model = one_map(1000, 0, 0, TRACE_UNKNOWN, TRACE_UNKNOWN, 0);
	const struct model_totals *totals = &model->snapshots[0].totals;

	assert_true(first(model, 0)->retained == TRACE_UNKNOWN);
	assert_int_equal(totals->retained, 0);
	assert_int_equal(totals->unknown_maps, 1);
	assert_int_equal(totals->unknown_held, 1000);
	model_close(model);
}

static void
huge_counts_do_not_wrap(void **state)
{
	struct model *model = one_map(UINT64_MAX - 1, UINT64_MAX - 1, UINT64_MAX - 1, 0, 0, 0);

	assert_true(first(model, 0)->held == UINT64_MAX - 1);
	assert_true(first(model, 0)->retained == UINT64_MAX - 1);
	model_close(model);
}

/* An array for 1000 entries that now has `count`, with nodes by a stack of their own. `role` and
 * `flags`: what the rules say of the array's stack. */
static struct model *
roomy_map(enum trace_role role, uint8_t flags, uint64_t count_before, uint64_t count,
	  uint64_t nodes_ever)
{
	struct trace *trace = sample_trace();
	uint32_t array = sample_stack(trace, role, flags);
	uint32_t nodes = sample_stack(trace, TRACE_OVERFLOW, 0);
	struct trace_snapshot_rows *rows = sample_snapshot(trace, "before");

	trace->counts[nodes].total_blocks = nodes_ever;
	sample_whole_map(rows, 0x5000, array, 8000, 80)->count = count_before;
	rows = sample_snapshot(trace, "exit");
	sample_whole_map(rows, 0x5000, array, 8000, 80)->count = count;
	sample_live(rows, nodes, count * 16, count);
	sample_claim(rows, nodes, TRACE_OVERFLOW, count * 16, count);
	return sample_model(trace);
}

static struct model *
reserved_map(uint64_t count_before, uint64_t count, uint64_t nodes_ever)
{
	return roomy_map(TRACE_BUCKETS, TRACE_STACK_RESERVED, count_before, count, nodes_ever);
}

/* Room is retained whatever made it; of unknown cause is what neither a name nor an entry tells. */
static void
room_of_unknown_cause_is_retained_and_told_apart(void **state)
{
	static const struct {
		enum trace_role role;
		uint64_t count_before, nodes_ever, unknown;
	} cases[] = {
	    {TRACE_OTHER, 5, 10, 7920},  /* nobody names the code, nothing was seen to go */
	    {TRACE_OTHER, 900, 10, 0},   /* an earlier snapshot saw it full */
	    {TRACE_OTHER, 5, 1000, 0},   /* its nodes came and went */
	    {TRACE_BUCKETS, 5, 10, 0},   /* a rule names the growth of an insert */
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct model *model = roomy_map(cases[i].role, 0, cases[i].count_before, 10,
						cases[i].nodes_ever);

		assert_int_equal(first(model, 1)->retained, 7920);
		assert_int_equal(first(model, 1)->unknown_cause, cases[i].unknown);
		assert_int_equal(model->snapshots[1].totals.unknown_cause, cases[i].unknown);
		assert_int_equal(first(model, 1)->remark != NULL, cases[i].unknown != 0);
		model_close(model);
	}
}

static void
reserved_room_that_was_never_filled_is_not_retained(void **state)
{
	struct model *model = reserved_map(5, 10, 10);

	assert_int_equal(first(model, 1)->reserve, MODEL_RESERVED);
	assert_int_equal(first(model, 1)->retained, 0);
	assert_int_equal(first(model, 1)->reserved, 7920);
	assert_int_equal(model->snapshots[1].totals.reserved, 7920);
	model_close(model);
}

static void
reserved_room_that_an_earlier_snapshot_saw_full_is_retained(void **state)
{
	struct model *model = reserved_map(900, 10, 10);

	assert_int_equal(first(model, 1)->reserve, MODEL_RESERVED_FILLED);
	assert_int_equal(first(model, 1)->retained, 7920);
	assert_int_equal(first(model, 1)->reserved, 0);
	model_close(model);
}

static void
reserved_room_whose_nodes_came_and_went_is_retained(void **state)
{
	struct model *model = reserved_map(5, 10, 1000);

	assert_int_equal(first(model, 1)->reserve, MODEL_RESERVED_FILLED);
	assert_int_equal(first(model, 1)->retained, 7920);
	model_close(model);
}

static void
few_removed_nodes_do_not_prove_a_filling(void **state)
{
	struct model *model = reserved_map(5, 10, 60);

	assert_int_equal(first(model, 1)->reserve, MODEL_RESERVED);
	model_close(model);
}

static void
tombstones_prove_a_filling(void **state)
{
	struct trace *trace = sample_trace();
	uint32_t stack = sample_stack(trace, TRACE_BUCKETS, TRACE_STACK_RESERVED);
	struct model *model;

	sample_whole_map(sample_snapshot(trace, "exit"), 0x5000, stack, 8000, 80)->tombstones = 1;
	model = sample_model(trace);
	assert_int_equal(first(model, 0)->retained, 7920);
	model_close(model);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(insert_only_map_retains_nothing),
	    cmocka_unit_test(emptied_map_retains_all_it_holds),
	    cmocka_unit_test(map_below_its_need_retains_nothing),
	    cmocka_unit_test(range_of_need_is_a_range_of_retained),
	    cmocka_unit_test(what_the_own_rule_keeps_is_not_retained),
	    cmocka_unit_test(unknown_need_enters_no_sum),
	    cmocka_unit_test(huge_counts_do_not_wrap),
	    cmocka_unit_test(room_of_unknown_cause_is_retained_and_told_apart),
	    cmocka_unit_test(reserved_room_that_was_never_filled_is_not_retained),
	    cmocka_unit_test(reserved_room_that_an_earlier_snapshot_saw_full_is_retained),
	    cmocka_unit_test(reserved_room_whose_nodes_came_and_went_is_retained),
	    cmocka_unit_test(few_removed_nodes_do_not_prove_a_filling),
	    cmocka_unit_test(tombstones_prove_a_filling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
