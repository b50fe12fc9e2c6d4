/*
 * The file keeps what many records share once, since a program has a thousand times as many nodes
 * as sites. Readers get each record whole.
 *
 *     node  | site, parent   |  -->  frame   | pc, module, parent            |
 *     stack | node, decision |  -->  origin  | node, profile, role, split... |
 *
 * Called by reader.c. Rule: no number of the file is an index before it has been compared.
 */
#include "trace/join.h"

#include "trace/failure.h"

#include <stdlib.h>

static int
join_nodes(const struct trace_join *from, struct trace *trace, struct trace_error *error)
{
	for (uint32_t i = 0; i < from->node_count; i++) {
		const struct trace_node *node = &from->nodes[i];
		const struct trace_site *site;

		if (node->site >= from->site_count)
			return trace_corrupt(error, trace->path, 0,
			                     "node %u names a site that is not there", i);
		site = &from->sites[node->site];
		trace->nodes[i].pc = site->pc;
		trace->nodes[i].module = site->module == TRACE_SITE_NO_MODULE ? TRACE_NONE :
		                                                                site->module;
		trace->nodes[i].parent = node->parent;
	}
	return 0;
}

static int
join_stacks(const struct trace_join *from, struct trace *trace, struct trace_error *error)
{
	for (uint32_t i = 0; i < from->stack_count; i++) {
		const struct trace_stack *stack = &from->stacks[i];
		const struct trace_decision *decision;

		if (stack->decision >= from->decision_count)
			return trace_corrupt(error, trace->path, 0,
			                     "stack %u names a decision that is not there", i);
		decision = &from->decisions[stack->decision];
		trace->stacks[i] = (struct trace_origin){
			.node = stack->node, .profile = decision->profile,
			.role = decision->role, .split_role = decision->split_role,
			.flags = decision->flags, .split_share = decision->split_share,
			.split_whole = decision->split_whole,
		};
	}
	return 0;
}

int
trace_join(const struct trace_join *from, struct trace *trace, struct trace_error *error)
{
	trace->nodes = calloc((size_t)from->node_count + 1, sizeof(*trace->nodes));
	trace->stacks = calloc((size_t)from->stack_count + 1, sizeof(*trace->stacks));
	if (!trace->nodes || !trace->stacks)
		return trace_fail_memory(error, trace->path);
	trace->node_count = from->node_count;
	trace->stack_count = from->stack_count;
	return join_nodes(from, trace, error) ? -1 : join_stacks(from, trace, error);
}
