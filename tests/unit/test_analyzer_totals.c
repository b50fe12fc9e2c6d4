/* What is told of a snapshot as a whole: which one is judged, bytes by role, at the peak,
 * unexplained. */
#include "tests/unit/test_analyzer_sample.h"

static void
worst_complete_snapshot_is_judged(void **state)
{
	struct trace *trace = sample_trace();
	uint32_t stack = sample_stack(trace, TRACE_BUCKETS, 0);
	struct trace_snapshot_rows *cut;
	struct model *model;

	sample_whole_map(sample_snapshot(trace, "early"), 0x5000, stack, 1000, 1000);
	sample_whole_map(sample_snapshot(trace, "worst"), 0x5000, stack, 1000, 0);
	cut = sample_snapshot(trace, "cut");
	sample_whole_map(cut, 0x5000, stack, 9000, 0);
	cut->info.state = TRACE_SNAPSHOT_CUT;
	sample_whole_map(sample_snapshot(trace, "exit"), 0x5000, stack, 1000, 500);
	model = sample_model(trace);
	assert_string_equal(model->judged->rows->info.label, "worst");
	assert_false(model->is_judged_by_name);
	assert_int_equal(model_select(model, "exit"), 0);
	assert_string_equal(model->judged->rows->info.label, "exit");
	assert_int_equal(model_select(model, "cut"), -1);
	assert_null(model->judged);
	assert_int_equal(model_select(model, "no such"), -1);
	model_close(model);
}

/* A stack whose arrays no map reaches: `unreached[i]` bytes of it in snapshot i. */
static struct model *
unreached(const uint64_t *bytes, size_t count, uint8_t flags)
{
	struct trace *trace = sample_trace();
	uint32_t stack = sample_stack(trace, TRACE_BUCKETS, flags);

	for (size_t i = 0; i < count; i++) {
		struct trace_snapshot_rows *rows = sample_snapshot(trace, "interval");

		sample_whole_map(rows, 0x5000, stack, 1000, 1000);
		sample_live(rows, stack, bytes[i], 1);
	}
	return sample_model(trace);
}

static void
bytes_that_go_by_the_next_snapshot_are_superseded(void **state)
{
	struct model *model = unreached((const uint64_t[]){500, 0}, 2, 0);

	assert_int_equal(model->snapshots[0].superseded, 500);
	assert_int_equal(model->snapshots[0].unexplained, 0);
	assert_int_equal(model->snapshots[0].by_stack, 1500);
	assert_int_equal(model->snapshots[0].by_stack_reached, 1000);
	model_close(model);
}

static void
bytes_that_stay_are_unexplained(void **state)
{
	struct model *model = unreached((const uint64_t[]){500, 200}, 2, 0);

	assert_int_equal(model->snapshots[0].superseded, 300);
	assert_int_equal(model->snapshots[0].unexplained, 200);
	assert_int_equal(model->snapshots[1].unexplained, 200);
	model_close(model);
}

static void
transient_bytes_need_no_explanation(void **state)
{
	struct model *model = unreached((const uint64_t[]){500}, 1, TRACE_STACK_TRANSIENT);

	assert_int_equal(model->snapshots[0].unexplained, 0);
	model_close(model);
}

static void
roles_add_up_to_the_live_bytes(void **state)
{
	struct trace *trace = sample_trace();
	uint32_t array = sample_stack(trace, TRACE_BUCKETS, 0);
	uint32_t other = sample_stack(trace, TRACE_OTHER, 0);
	struct trace_snapshot_rows *rows = sample_snapshot(trace, "exit");
	const struct model_roles *roles;
	struct model *model;

	trace->stacks[array].split_role = TRACE_OVERFLOW;
	trace->stacks[array].split_share = 16;
	trace->stacks[array].split_whole = 17;
	sample_live(rows, array, 1717, 2);
	sample_claim(rows, array, TRACE_BUCKETS, 16, 1);
	sample_claim(rows, array, TRACE_OVERFLOW, 1, 0);
	sample_live(rows, other, 100, 4);
	sample_claim(rows, other, TRACE_VALUES, 75, 3);
	model = sample_model(trace);
	roles = &model->snapshots[0].roles;
	assert_int_equal(roles->bytes[TRACE_BUCKETS], 1616);
	assert_int_equal(roles->bytes[TRACE_OVERFLOW], 101);
	assert_int_equal(roles->bytes[TRACE_VALUES], 75);
	assert_int_equal(roles->bytes[TRACE_OTHER], 25);
	assert_int_equal(roles->blocks[TRACE_VALUES], 3);
	assert_int_equal(roles->blocks[TRACE_OTHER], 1);
	model_close(model);
}

static void
nothing_is_exact_where_allocations_are_missing(void **state)
{
	struct trace *trace = sample_trace();
	uint32_t array = sample_stack(trace, TRACE_BUCKETS, 0);
	struct model *model;

	trace->counts[array].at_peak_bytes = 900;
	trace->header.unrecorded = 1;
	model = sample_model(trace);
	assert_false(model->peak.is_exact[TRACE_BUCKETS]);
	assert_false(model->now.is_exact[TRACE_BUCKETS]);
	model_close(model);
}

static void
peak_is_exact_by_stack_and_an_estimate_by_structure(void **state)
{
	struct trace *trace = sample_trace();
	uint32_t array = sample_stack(trace, TRACE_BUCKETS, 0);
	uint32_t user = sample_stack(trace, TRACE_OTHER, 0);
	struct trace_snapshot_rows *rows = sample_snapshot(trace, "exit");
	struct model *model;

	trace->counts[array].at_peak_bytes = 900;
	trace->counts[user].at_peak_bytes = 400;
	sample_live(rows, user, 200, 2);
	sample_claim(rows, user, TRACE_VALUES, 100, 1);
	model = sample_model(trace);
	assert_int_equal(model->peak.bytes[TRACE_BUCKETS], 900);
	assert_true(model->peak.is_exact[TRACE_BUCKETS]);
	assert_int_equal(model->peak.bytes[TRACE_VALUES], 200);
	assert_int_equal(model->peak.bytes[TRACE_OTHER], 200);
	assert_false(model->peak.is_exact[TRACE_VALUES]);
	assert_false(model->peak.is_exact[TRACE_OTHER]);
	assert_int_equal(model->now.bytes[TRACE_BUCKETS], 0);
	model_close(model);
}

static void
broken_profile_text_is_a_warning(void **state)
{
	struct trace *trace = sample_trace();
	struct model *model;

	memcpy(trace->text, "prof1le", 7);
	sample_map(sample_snapshot(trace, "exit"), 0x5000, 0, 100, 0);
	model = sample_model(trace);
	assert_int_equal(model->warning_count, 1);
	assert_non_null(strstr(model->warnings[0], "sample"));
	assert_int_equal(model->snapshots[0].maps[0].retained, 100);
	model_close(model);
}

static void
maps_come_sorted_and_filtered(void **state)
{
	struct trace *trace = sample_trace();
	struct trace_snapshot_rows *rows = sample_snapshot(trace, "exit");
	struct model_filter filter = {.minimum = 200, .sort = MODEL_SORT_RETAINED};
	const struct model_map **maps;
	struct model *model;
	size_t count;

	sample_map(rows, 0x7000, 0, 100, 0);
	sample_map(rows, 0x6000, 0, 300, 200);
	sample_map(rows, 0x5000, 0, 250, 0);
	model = sample_model(trace);
	maps = model_list(&model->snapshots[0], &filter, &count);
	assert_int_equal(count, 2);
	assert_int_equal(maps[0]->row->address, 0x5000);
	free(maps);
	filter.sort = MODEL_SORT_HELD;
	maps = model_list(&model->snapshots[0], &filter, &count);
	assert_int_equal(maps[0]->row->address, 0x6000);
	free(maps);
	filter.profile = "other*";
	maps = model_list(&model->snapshots[0], &filter, &count);
	assert_int_equal(count, 0);
	free(maps);
	assert_ptr_equal(model_find(&model->snapshots[0], 0x6000, "sample"),
			 &model->snapshots[0].maps[1]);
	assert_null(model_find(&model->snapshots[0], 0x6000, "other"));
	assert_null(model_find(&model->snapshots[0], 0x6001, NULL));
	model_close(model);
}

static void
remedies_with_nothing_to_give_are_left_out(void **state)
{
	struct trace *trace = sample_trace();
	struct trace_snapshot_rows *rows = sample_snapshot(trace, "exit");
	struct model_remedy remedies[TRACE_REMEDIES_MAX];
	struct model *model;

	sample_map(rows, 0x5000, 0, 100, 30)->remedies[0].leaves = 30;
	sample_map(rows, 0x6000, 0, 100, 100)->remedies[0].leaves = 100;
	model = sample_model(trace);
	assert_int_equal(model_remedies(&model->snapshots[0].maps[0], remedies), 1);
	assert_string_equal(remedies[0].name, "rebuild");
	assert_string_equal(remedies[0].advice, "make \"a new\" map");
	assert_int_equal(remedies[0].gives, 70);
	assert_int_equal(model_remedies(&model->snapshots[0].maps[1], remedies), 0);
	model_close(model);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(worst_complete_snapshot_is_judged),
	    cmocka_unit_test(bytes_that_go_by_the_next_snapshot_are_superseded),
	    cmocka_unit_test(bytes_that_stay_are_unexplained),
	    cmocka_unit_test(transient_bytes_need_no_explanation),
	    cmocka_unit_test(roles_add_up_to_the_live_bytes),
	    cmocka_unit_test(nothing_is_exact_where_allocations_are_missing),
	    cmocka_unit_test(peak_is_exact_by_stack_and_an_estimate_by_structure),
	    cmocka_unit_test(broken_profile_text_is_a_warning),
	    cmocka_unit_test(maps_come_sorted_and_filtered),
	    cmocka_unit_test(remedies_with_nothing_to_give_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
