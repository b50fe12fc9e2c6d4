/*
 * Feeds any bytes to the reader of traces, as they are and as what spoils a sound trace, and
 * follows every index of what opens. Run by `make fuzz`.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/spoiled_trace.h"

static void
follow_stack(const struct trace *trace, uint32_t index)
{
	uint32_t node;

	if (index == TRACE_NONE)
		return;
	fuzz_demand(index < trace->stack_count);
	for (node = trace->stacks[index].node; node != 0; node = trace->nodes[node].parent) {
		fuzz_demand(node < trace->node_count && trace->nodes[node].parent < node);
		fuzz_demand(trace->nodes[node].module == TRACE_NONE ||
		       trace->nodes[node].module < trace->module_count);
	}
}

static void
follow_rows(const struct trace *trace, const struct trace_snapshot_rows *rows)
{
	fuzz_demand(strnlen(rows->info.label, TRACE_NAME_MAX) < TRACE_NAME_MAX);
	for (uint32_t i = 0; i < rows->live_count; i++)
		follow_stack(trace, rows->live[i].stack);
	for (uint32_t i = 0; i < rows->claims_count; i++) {
		follow_stack(trace, rows->claims[i].stack);
		fuzz_demand(rows->claims[i].role < TRACE_ROLES);
	}
	for (uint32_t i = 0; i < rows->maps_count; i++) {
		follow_stack(trace, rows->maps[i].stack);
		follow_stack(trace, rows->maps[i].where_stack);
		fuzz_demand(rows->maps[i].profile == TRACE_NONE ||
		       rows->maps[i].profile < trace->profile_count);
	}
}

static void
follow(const struct trace *trace)
{
	fuzz_demand(strnlen(trace->header.notice, TRACE_TEXT_MAX) < TRACE_TEXT_MAX);
	for (uint32_t i = 0; i < trace->stack_count; i++) {
		follow_stack(trace, i);
		fuzz_demand(trace->stacks[i].split_share <= trace->stacks[i].split_whole);
		fuzz_demand(trace->stacks[i].split_whole > 0);
	}
	for (uint32_t i = 0; i < trace->profile_count; i++) {
		const struct trace_profile *profile = &trace->profiles[i];

		fuzz_demand(profile->text_offset + profile->text_size <= trace->text_size);
	}
	for (uint32_t i = 0; i < trace->snapshot_count; i++)
		follow_rows(trace, &trace->snapshots[i]);
}

static void
open_and_follow(const uint8_t *bytes, size_t size)
{
	struct trace_error error;
	struct trace *trace = trace_open_bytes(bytes, size, "input", &error);

	if (trace)
		follow(trace);
	else
		fuzz_demand(error.kind != TRACE_ERROR_NONE && error.message[0] != '\0');
	trace_close(trace);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct bytes spoiled = spoiled_trace(bytes, size);

	open_and_follow(bytes, size);
	open_and_follow(spoiled.at, spoiled.size);
	free(spoiled.at);
	return 0;
}
