/* A trace with the tables that counting and interning write to, roots included. */
#ifndef TEST_PRELOAD_COUNTING_H
#define TEST_PRELOAD_COUNTING_H

#include "test_preload_guest.h"

static inline uint32_t
counting_add_stack(uint8_t role, uint8_t split_role, uint32_t share, uint32_t whole)
{
	struct trace_stack *stack = trace_table_next(&tracer.writer, &tracer.stacks);

	assert_non_null(stack);
	stack->profile = TRACE_NONE;
	stack->role = role;
	stack->split_role = split_role;
	stack->split_share = share;
	stack->split_whole = whole;
	return trace_table_publish(&tracer.writer, &tracer.stacks);
}

static inline void
counting_begin(void)
{
	struct trace_node *root;

	guest_begin();
	assert_int_equal(trace_table_init(&tracer.nodes, TRACE_CHUNK_NODES, TRACE_NONE), 0);
	assert_int_equal(trace_table_init(&tracer.stacks, TRACE_CHUNK_STACKS, TRACE_NONE), 0);
	assert_int_equal(trace_table_init(&tracer.counters, TRACE_CHUNK_COUNTERS, TRACE_NONE), 0);
	assert_int_equal(trace_table_init(&tracer.series, TRACE_CHUNK_SERIES, TRACE_NONE), 0);
	root = trace_table_next(&tracer.writer, &tracer.nodes);
	assert_non_null(root);
	root->module = TRACE_NODE_NO_MODULE;
	assert_int_equal(trace_table_publish(&tracer.writer, &tracer.nodes), 0);
	assert_int_equal(counting_add_stack(TRACE_OTHER, TRACE_OTHER, 1, 1), 0);
}

#endif
