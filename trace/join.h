/* Nodes with their sites, stacks with their decisions. Private to trace/: reader.c asks. */
#ifndef TRACE_JOIN_H
#define TRACE_JOIN_H

#include "trace/reader.h"

/* What the file holds of stacks: copies of its tables. */
struct trace_join {
	struct trace_site *sites;
	struct trace_node *nodes;
	struct trace_decision *decisions;
	struct trace_stack *stacks;
	uint32_t site_count, node_count, decision_count, stack_count;
};

/* Fills the nodes and stacks of `trace`. Returns 0, or -1 with *error filled: a record names
 * another that is not there, or there is no memory. */
int trace_join(const struct trace_join *from, struct trace *trace, struct trace_error *error);

#endif
