/* A trace with the tables that counting and interning write to, roots included. */
#ifndef TEST_PRELOAD_COUNTING_H
#define TEST_PRELOAD_COUNTING_H

#include "test_preload_guest.h"

static inline uint32_t
counting_add_stack(uint8_t role, uint8_t split_role, uint32_t share, uint32_t whole)
{
	struct trace_decision *decision = trace_table_next(&tracer.writer, &tracer.decisions);
	struct trace_stack *stack = trace_table_next(&tracer.writer, &tracer.stacks);

	assert_non_null(decision);
	assert_non_null(stack);
	decision->profile = TRACE_NONE;
	decision->role = role;
	decision->split_role = split_role;
	decision->split_share = share;
	decision->split_whole = whole;
	stack->decision = trace_table_publish(&tracer.writer, &tracer.decisions);
	return trace_table_publish(&tracer.writer, &tracer.stacks);
}

static inline void
counting_begin(void)
{
	struct trace_site *none;

	guest_begin();
	assert_int_equal(trace_table_init(&tracer.sites, TRACE_CHUNK_SITES, TRACE_NONE), 0);
	assert_int_equal(trace_table_init(&tracer.nodes, TRACE_CHUNK_NODES, TRACE_NONE), 0);
	assert_int_equal(trace_table_init(&tracer.decisions, TRACE_CHUNK_DECISIONS, TRACE_NONE), 0);
	assert_int_equal(trace_table_init(&tracer.stacks, TRACE_CHUNK_STACKS, TRACE_NONE), 0);
	assert_int_equal(trace_table_init(&tracer.counters, TRACE_CHUNK_COUNTERS, TRACE_NONE), 0);
	assert_int_equal(trace_table_init(&tracer.series, TRACE_CHUNK_SERIES, TRACE_NONE), 0);
	none = trace_table_next(&tracer.writer, &tracer.sites);
	assert_non_null(none);
	none->module = TRACE_SITE_NO_MODULE;
	assert_int_equal(trace_table_publish(&tracer.writer, &tracer.sites), 0);
	assert_non_null(trace_table_next(&tracer.writer, &tracer.nodes));
	assert_int_equal(trace_table_publish(&tracer.writer, &tracer.nodes), 0);
	assert_int_equal(counting_add_stack(TRACE_OTHER, TRACE_OTHER, 1, 1), 0);
}

/* For a group of tests. */
static inline int
counting_setup(void **unused)
{
	counting_begin();
	return 0;
}

#endif
