/* The gate's arithmetic on traces built by hand: what fails, what passes, what cannot be judged. */
#include "tests/unit/test_analyzer_gate.h"

static void
total_is_held_against_the_limit(void **state)
{
	assert_int_equal(verdict_on(two_maps(), one_limit(LIMITS_RETAINED, 70 * KIB)),
			 LIMITS_WITHIN);
	assert_int_equal(verdict_on(two_maps(), one_limit(LIMITS_RETAINED, 70 * KIB - 1)),
			 LIMITS_OVER);
	assert_int_equal(verdict_on(two_maps(), one_limit(LIMITS_RETAINED, 0)), LIMITS_OVER);
}

static void
finding_names_the_worst_map(void **state)
{
	struct limits limits = one_limit(LIMITS_RETAINED, 1);
	struct model *model;
	struct limits_finding finding = judge_trace(two_maps(), &limits, &model);

	assert_int_equal(finding.map->row->address, MAP);
	assert_int_equal(finding.low, 70 * KIB);
	assert_int_equal(finding.high, 70 * KIB);
	assert_int_equal(finding.maps, 2);
	model_close(model);
}

static void
single_maps_are_held_against_the_limit(void **state)
{
	assert_int_equal(verdict_on(two_maps(), one_limit(LIMITS_PER_MAP, 70 * KIB)),
			 LIMITS_WITHIN);
	assert_int_equal(verdict_on(two_maps(), one_limit(LIMITS_PER_MAP, 69 * KIB)), LIMITS_OVER);
}

static void
buckets_are_added_up(void **state)
{
	struct trace *trace = two_maps();

	trace->snapshots[0].maps[0].old_bucket_bytes = 7;
	assert_int_equal(verdict_on(trace, one_limit(LIMITS_BUCKETS, 150 * KIB + 6)), LIMITS_OVER);
	assert_int_equal(verdict_on(two_maps(), one_limit(LIMITS_BUCKETS, 150 * KIB)),
			 LIMITS_WITHIN);
}

static void
emptiest_map_above_the_minimum_counts(void **state)
{
	struct limits limits = one_limit(LIMITS_FILL, 11);

	assert_int_equal(verdict_on(two_maps(), limits), LIMITS_OVER);
	limits.allowed[LIMITS_FILL] = 10;
	assert_int_equal(verdict_on(two_maps(), limits), LIMITS_WITHIN);
	limits.allowed[LIMITS_FILL] = 0;
	assert_int_equal(verdict_on(trace_with_unexplained(KIB), limits), LIMITS_WITHIN);
	limits.allowed[LIMITS_FILL] = 90;
	limits.fill_minimum = 100 * KIB + 1;
	assert_int_equal(verdict_on(two_maps(), limits), LIMITS_WITHIN);
}

static void
map_without_known_capacity_has_no_fill(void **state)
{
	struct trace *trace = two_maps();

	trace->snapshots[0].maps[1].capacity = TRACE_UNKNOWN;
	assert_int_equal(verdict_on(trace, one_limit(LIMITS_FILL, 5)), LIMITS_UNJUDGED);
}

static void
worst_snapshot_is_judged(void **state)
{
	struct trace *trace = two_maps();
	uint32_t stack = sample_stack(trace, TRACE_BUCKETS, 0);

	sample_whole_map(sample_snapshot(trace, "later"), MAP, stack, 300 * KIB, 0);
	sample_snapshot(trace, "end");
	assert_int_equal(verdict_on(trace, one_limit(LIMITS_RETAINED, 100 * KIB)), LIMITS_OVER);
}

static void
named_snapshot_alone_is_judged(void **state)
{
	struct limits limits = one_limit(LIMITS_RETAINED, 100 * KIB);
	struct limits_finding findings[LIMITS_KINDS];
	struct trace *trace = two_maps();
	struct model *model;

	sample_whole_map(sample_snapshot(trace, "later"), MAP, 1, 300 * KIB, 0);
	model = sample_model(trace);
	limits.snapshot = "exit";
	assert_int_equal(limits_judge(model, &limits, findings), 1);
	assert_int_equal(findings[0].verdict, LIMITS_WITHIN);
	limits.snapshot = "nowhere";
	assert_int_equal(limits_judge(model, &limits, findings), 0);
	model_close(model);
}

static void
incomplete_snapshots_judge_nothing(void **state)
{
	struct limits limits = one_limit(LIMITS_RETAINED, 0);
	struct limits_finding findings[LIMITS_KINDS];
	struct trace *trace = two_maps();
	struct model *model;

	trace->snapshots[0].info.state = TRACE_SNAPSHOT_CUT;
	model = sample_model(trace);
	assert_int_equal(limits_judge(model, &limits, findings), 0);
	model_close(model);
}

static void
unexplained_bytes_never_pass(void **state)
{
	assert_int_equal(
	    verdict_on(trace_with_unexplained(31 * KIB), one_limit(LIMITS_RETAINED, 100 * KIB)),
	    LIMITS_UNJUDGED);
	assert_int_equal(
	    verdict_on(trace_with_unexplained(30 * KIB), one_limit(LIMITS_RETAINED, 100 * KIB)),
	    LIMITS_WITHIN);
	assert_int_equal(
	    verdict_on(trace_with_unexplained(101 * KIB), one_limit(LIMITS_PER_MAP, 100 * KIB)),
	    LIMITS_UNJUDGED);
	assert_int_equal(
	    verdict_on(trace_with_unexplained(1), one_limit(LIMITS_BUCKETS, 150 * KIB)),
	    LIMITS_UNJUDGED);
}

/* Two maps in snapshot "busy", and one that is being changed; in "exit" nothing. */
static struct trace *
trace_with_busy(uint64_t bytes)
{
	struct trace *trace = two_maps();
	struct trace_snapshot_rows *rows = &trace->snapshots[0];
	struct trace_refused *refused = sample_more(rows->refused, rows->refused_count);

	strcpy(rows->info.label, "busy");
	refused->reason = TRACE_REFUSED_BUSY;
	refused->candidates = 1;
	refused->bytes = bytes;
	return trace;
}

static void
map_being_changed_last_never_passes(void **state)
{
	struct limits limits = one_limit(LIMITS_RETAINED, 100 * KIB);
	struct trace *trace = trace_with_busy(31 * KIB);

	assert_int_equal(verdict_on(trace, limits), LIMITS_UNJUDGED);
	assert_int_equal(verdict_on(trace_with_busy(30 * KIB), limits), LIMITS_WITHIN);
	trace = trace_with_busy(31 * KIB);
	trace->snapshots[0].refused[0].reason = TRACE_REFUSED_REQUIREMENT; /* a look-alike */
	assert_int_equal(verdict_on(trace, limits), LIMITS_WITHIN);
	limits.profile = "other*";
	assert_int_equal(verdict_on(trace_with_busy(900 * KIB), limits), LIMITS_WITHIN);
}

static void
map_being_changed_is_judged_by_a_later_snapshot(void **state)
{
	struct limits limits = one_limit(LIMITS_RETAINED, 100 * KIB);
	struct trace *trace = trace_with_busy(31 * KIB);

	(void)sample_snapshot(trace, "exit");
	assert_int_equal(verdict_on(trace, limits), LIMITS_WITHIN);
	trace = trace_with_busy(31 * KIB);
	(void)sample_snapshot(trace, "exit");
	limits.snapshot = "busy";
	assert_int_equal(verdict_on(trace, limits), LIMITS_UNJUDGED);
}

static void
proof_over_the_limit_outweighs_doubt(void **state)
{
	assert_int_equal(
	    verdict_on(trace_with_unexplained(900 * KIB), one_limit(LIMITS_RETAINED, 69 * KIB)),
	    LIMITS_OVER);
}

static void
unexplained_map_may_be_empty(void **state)
{
	struct limits limits = one_limit(LIMITS_FILL, 5);

	limits.fill_minimum = 64 * KIB;
	assert_int_equal(verdict_on(trace_with_unexplained(64 * KIB), limits), LIMITS_UNJUDGED);
	assert_int_equal(verdict_on(trace_with_unexplained(63 * KIB), limits), LIMITS_WITHIN);
}

static void
superseded_arrays_are_no_doubt(void **state)
{
	struct trace *trace = trace_with_unexplained(900 * KIB);
	struct trace_snapshot_rows *later = sample_snapshot(trace, "later");

	sample_whole_map(later, MAP, 1, 100 * KIB, 30 * KIB);
	sample_whole_map(later, 2 * MAP, 1, 50 * KIB, 50 * KIB);
	assert_int_equal(verdict_on(trace, one_limit(LIMITS_RETAINED, 70 * KIB)), LIMITS_WITHIN);
}

/* A map whose need is an estimate: between 10 and 60 KiB of 100. */
static struct trace *
estimated_need(void)
{
	struct trace *trace = sample_trace();
	uint32_t stack = sample_stack(trace, TRACE_BUCKETS, 0);
	struct trace_map *map =
	    sample_whole_map(sample_snapshot(trace, "exit"), MAP, stack, 100 * KIB, 10 * KIB);

	map->needed_high = 60 * KIB;
	map->flags = TRACE_MAP_NEEDED_ESTIMATE;
	return trace;
}

static void
estimate_is_judged_by_both_ends(void **state)
{
	assert_int_equal(verdict_on(estimated_need(), one_limit(LIMITS_RETAINED, 39 * KIB)),
			 LIMITS_OVER);
	assert_int_equal(verdict_on(estimated_need(), one_limit(LIMITS_RETAINED, 40 * KIB)),
			 LIMITS_UNJUDGED);
	assert_int_equal(verdict_on(estimated_need(), one_limit(LIMITS_RETAINED, 89 * KIB)),
			 LIMITS_UNJUDGED);
	assert_int_equal(verdict_on(estimated_need(), one_limit(LIMITS_RETAINED, 90 * KIB)),
			 LIMITS_WITHIN);
}

static void
map_without_a_rule_may_retain_all(void **state)
{
	struct trace *trace = two_maps();

	trace->snapshots[0].maps[1].needed_low = TRACE_UNKNOWN;
	trace->snapshots[0].maps[1].needed_high = TRACE_UNKNOWN;
	assert_int_equal(verdict_on(trace, one_limit(LIMITS_RETAINED, 119 * KIB)), LIMITS_UNJUDGED);
}

static void
other_profiles_are_left_out(void **state)
{
	struct limits limits = one_limit(LIMITS_RETAINED, 0);

	limits.profile = "other*";
	assert_int_equal(verdict_on(two_maps(), limits), LIMITS_WITHIN);
	limits.profile = "sam*";
	assert_int_equal(verdict_on(two_maps(), limits), LIMITS_OVER);
}

static bool
leave_out_first(void *context, struct model *model, const struct model_map *map)
{
	(*(int *)context)++;
	return map->row->address == MAP;
}

static void
accepted_maps_are_left_out(void **state)
{
	struct limits limits = one_limit(LIMITS_RETAINED, 0);
	int asked = 0;

	limits.leaves_out = leave_out_first;
	limits.context = &asked;
	assert_int_equal(verdict_on(two_maps(), limits), LIMITS_WITHIN);
	assert_int_equal(asked, 2);
}

static bool
leave_out_stack(void *context, struct model *model, uint32_t stack)
{
	return stack == 1;
}

static void
unexplained_bytes_of_what_is_left_out_do_not_count(void **state)
{
	struct limits limits = one_limit(LIMITS_RETAINED, 80 * KIB);
	struct trace *trace = trace_with_unexplained(900 * KIB);
	int asked = 0;

	limits.leaves_out = leave_out_first;
	limits.context = &asked;
	assert_int_equal(verdict_on(trace, limits), LIMITS_UNJUDGED);
	limits.leaves_out_stack = leave_out_stack;
	assert_int_equal(verdict_on(trace_with_unexplained(900 * KIB), limits), LIMITS_WITHIN);
	trace = trace_with_unexplained(900 * KIB);
	sample_live(&trace->snapshots[0], sample_stack(trace, TRACE_BUCKETS, 0), 81 * KIB, 1);
	assert_int_equal(verdict_on(trace, limits), LIMITS_UNJUDGED);
	limits = one_limit(LIMITS_RETAINED, 80 * KIB);
	limits.profile = "other";
	assert_int_equal(verdict_on(trace_with_unexplained(900 * KIB), limits), LIMITS_WITHIN);
}

static void
each_limit_has_its_finding(void **state)
{
	struct limits limits = one_limit(LIMITS_RETAINED, 0);
	struct limits_finding findings[LIMITS_KINDS];
	struct model *model = sample_model(two_maps());

	limits.is_set[LIMITS_BUCKETS] = true;
	limits.allowed[LIMITS_BUCKETS] = 1024 * KIB;
	assert_int_equal(limits_judge(model, &limits, findings), 2);
	assert_int_equal(findings[0].kind, LIMITS_RETAINED);
	assert_int_equal(findings[0].verdict, LIMITS_OVER);
	assert_int_equal(findings[1].kind, LIMITS_BUCKETS);
	assert_int_equal(findings[1].verdict, LIMITS_WITHIN);
	model_close(model);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(total_is_held_against_the_limit),
	    cmocka_unit_test(finding_names_the_worst_map),
	    cmocka_unit_test(single_maps_are_held_against_the_limit),
	    cmocka_unit_test(buckets_are_added_up),
	    cmocka_unit_test(emptiest_map_above_the_minimum_counts),
	    cmocka_unit_test(map_without_known_capacity_has_no_fill),
	    cmocka_unit_test(worst_snapshot_is_judged),
	    cmocka_unit_test(named_snapshot_alone_is_judged),
	    cmocka_unit_test(incomplete_snapshots_judge_nothing),
	    cmocka_unit_test(unexplained_bytes_never_pass),
	    cmocka_unit_test(map_being_changed_last_never_passes),
	    cmocka_unit_test(map_being_changed_is_judged_by_a_later_snapshot),
	    cmocka_unit_test(proof_over_the_limit_outweighs_doubt),
	    cmocka_unit_test(unexplained_map_may_be_empty),
	    cmocka_unit_test(superseded_arrays_are_no_doubt),
	    cmocka_unit_test(estimate_is_judged_by_both_ends),
	    cmocka_unit_test(map_without_a_rule_may_retain_all),
	    cmocka_unit_test(other_profiles_are_left_out),
	    cmocka_unit_test(accepted_maps_are_left_out),
	    cmocka_unit_test(unexplained_bytes_of_what_is_left_out_do_not_count),
	    cmocka_unit_test(each_limit_has_its_finding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
