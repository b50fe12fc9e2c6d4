/* Traces for the gate's arithmetic, and the verdict of one limit on them. Each test is a program of
 * its own and includes this once. */
#ifndef TEST_ANALYZER_GATE_H
#define TEST_ANALYZER_GATE_H

#include "analyzer/limits.h"
#include "tests/unit/test_analyzer_sample.h"

enum { KIB = 1024, MAP = 0x10000 };

__attribute__((unused)) static struct limits
one_limit(enum limits_kind kind, uint64_t allowed)
{
	struct limits limits = {0};

	limits.is_set[kind] = true;
	limits.allowed[kind] = allowed;
	return limits;
}

/* The only finding of one limit on a trace; the model stays open in *model. */
__attribute__((unused)) static struct limits_finding
judge_trace(struct trace *trace, const struct limits *limits, struct model **model)
{
	struct limits_finding findings[LIMITS_KINDS];

	*model = sample_model(trace);
	assert_int_equal(limits_judge(*model, limits, findings), 1);
	return findings[0];
}

__attribute__((unused)) static enum limits_verdict
verdict_on(struct trace *trace, struct limits limits)
{
	struct model *model;
	struct limits_finding finding = judge_trace(trace, &limits, &model);

	model_close(model);
	return finding.verdict;
}

/* One snapshot with two maps: 100 KiB held of which 30 needed, 50 held of which 50 needed. */
__attribute__((unused)) static struct trace *
two_maps(void)
{
	struct trace *trace = sample_trace();
	uint32_t stack = sample_stack(trace, TRACE_BUCKETS, 0);
	struct trace_snapshot_rows *rows = sample_snapshot(trace, "exit");

	sample_whole_map(rows, MAP, stack, 100 * KIB, 30 * KIB)->count = 100;
	sample_whole_map(rows, 2 * MAP, stack, 50 * KIB, 50 * KIB)->count = 900;
	return trace;
}

/* Bucket bytes that no map explains, in the only snapshot. */
__attribute__((unused)) static struct trace *
trace_with_unexplained(uint64_t bytes)
{
	struct trace *trace = two_maps();

	sample_live(&trace->snapshots[0], 1, bytes, 1);
	return trace;
}

#endif
