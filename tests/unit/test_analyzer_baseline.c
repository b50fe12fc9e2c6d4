/* Growth over a baseline: places are matched, not addresses, and what has no name is not guessed.
 */
#include "analyzer/baseline.h"
#include "tests/unit/test_analyzer_gate.h"

/* Growth over a baseline. Both traces name their frames by module and offset, or not at all. */
static enum limits_verdict
growth_verdict(struct trace *before, struct trace *now, uint64_t allowed)
{
	struct limits limits = one_limit(LIMITS_GROWTH, allowed);
	struct model *old = sample_model(before);
	struct baseline *baseline = limits_use_baseline(&limits, old);
	enum limits_verdict verdict;

	assert_non_null(baseline);
	model_close(old);
	verdict = verdict_on(now, limits);
	baseline_release(baseline);
	return verdict;
}

static void
same_trace_did_not_grow(void **state)
{
	assert_int_equal(growth_verdict(two_maps(), two_maps(), 0), LIMITS_WITHIN);
}

static void
growth_is_matched_without_addresses(void **state)
{
	struct trace *now = two_maps();

	now->snapshots[0].maps[0].address += 0x5000;
	now->snapshots[0].maps[0].needed_low = now->snapshots[0].maps[0].needed_high = 20 * KIB;
	assert_int_equal(growth_verdict(two_maps(), now, 10 * KIB), LIMITS_WITHIN);
	now = two_maps();
	now->snapshots[0].maps[0].needed_low = now->snapshots[0].maps[0].needed_high = 20 * KIB - 1;
	assert_int_equal(growth_verdict(two_maps(), now, 10 * KIB), LIMITS_OVER);
}

static void
unnamed_baseline_cannot_judge_new_places(void **state)
{
	struct trace *now = two_maps();
	uint32_t elsewhere = sample_stack(now, TRACE_BUCKETS, 0);

	/* the module of these traces is not on this machine: the place may have been there before
	 */
	sample_whole_map(&now->snapshots[0], 3 * MAP, elsewhere, 10 * KIB, 0);
	assert_int_equal(growth_verdict(two_maps(), now, 9 * KIB), LIMITS_UNJUDGED);
}

static void
unexplained_bytes_count_by_what_they_grew(void **state)
{
	assert_int_equal(
	    growth_verdict(trace_with_unexplained(900), trace_with_unexplained(910), 10),
	    LIMITS_WITHIN);
	assert_int_equal(
	    growth_verdict(trace_with_unexplained(900), trace_with_unexplained(911), 10),
	    LIMITS_UNJUDGED);
}

static void
new_places_grow_from_nothing(void **state)
{
	struct trace *before = sample_trace(), *now = two_maps();

	sample_snapshot(before, "exit");
	assert_int_equal(growth_verdict(before, now, 70 * KIB), LIMITS_WITHIN);
	before = sample_trace();
	sample_snapshot(before, "exit");
	assert_int_equal(growth_verdict(before, two_maps(), 69 * KIB), LIMITS_OVER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(same_trace_did_not_grow),
	    cmocka_unit_test(growth_is_matched_without_addresses),
	    cmocka_unit_test(unnamed_baseline_cannot_judge_new_places),
	    cmocka_unit_test(unexplained_bytes_count_by_what_they_grew),
	    cmocka_unit_test(new_places_grow_from_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
