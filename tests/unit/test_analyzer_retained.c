/* What maps need and what they hold beyond it; which snapshot is judged; what is unexplained. */
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
	assert_int_equal(first(model, 0)->retained, 100);
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
