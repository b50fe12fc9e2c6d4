/* The promise of trace/reader.h as code, for the tests of trace/: whatever opens must keep it.
 * Includers bring cmocka. */
#ifndef TEST_TRACE_PROMISE_H
#define TEST_TRACE_PROMISE_H

#include "trace/reader.h"

#include <string.h>

/* The promise of trace/reader.h, written down a second time and in another way: every index is
 * followed and every string measured, so that ASan sees what a reader of the trace would hit. */
static uint64_t
promise_string(const char *text, size_t size)
{
	size_t length = strnlen(text, size);

	assert_true(length < size);
	return length;
}

static uint64_t
promise_stack(const struct trace *trace, uint32_t index)
{
	uint64_t seen = 0;

	if (index == TRACE_NONE)
		return 0;
	assert_true(index < trace->stack_count);
	for (uint32_t node = trace->stacks[index].node;;) {
		uint32_t module, parent;

		assert_true(node < trace->node_count);
		module = trace->nodes[node].module;
		assert_true(module == TRACE_NONE || module < trace->module_count);
		seen += trace->nodes[node].pc;
		parent = trace->nodes[node].parent;
		if (node == 0)
			break;
		assert_true(parent < node);
		node = parent;
	}
	return seen;
}

static void
promise_profile(const struct trace *trace, uint32_t index)
{
	assert_true(index == TRACE_NONE || index < trace->profile_count);
}

static uint64_t
promise_rows(const struct trace *trace, const struct trace_snapshot_rows *rows)
{
	static const uint64_t none = TRACE_UNKNOWN;
	uint64_t seen = promise_string(rows->info.label, sizeof(rows->info.label)) +
	                promise_string(rows->info.reason, sizeof(rows->info.reason));
	unsigned __int128 total = 0;

	assert_true(rows->info.state <= TRACE_SNAPSHOT_CUT);
	assert_true(rows->info.cause <= TRACE_CAUSE_REQUEST);
	assert_int_equal(rows->info.maps, rows->maps_count);
	assert_int_equal(rows->info.live, rows->live_count);
	assert_int_equal(rows->info.claims, rows->claims_count);
	assert_int_equal(rows->info.refused, rows->refused_count);
	for (uint32_t i = 0; i < rows->live_count; i++)
		seen += promise_stack(trace, rows->live[i].stack) + rows->live[i].bytes;
	for (uint32_t i = 0; i < rows->claims_count; i++) {
		seen += promise_stack(trace, rows->claims[i].stack);
		promise_profile(trace, rows->claims[i].profile);
		assert_true(rows->claims[i].role < TRACE_ROLES);
	}
	for (uint32_t i = 0; i < rows->refused_count; i++) {
		promise_profile(trace, rows->refused[i].profile);
		assert_true(rows->refused[i].reason <= TRACE_REFUSED_BUSY);
	}
	for (uint32_t i = 0; i < rows->maps_count; i++) {
		const struct trace_map *map = &rows->maps[i];
		const uint64_t parts[] = { map->header_bytes, map->bucket_bytes,
			map->old_bucket_bytes, map->overflow_bytes, map->value_bytes };

		promise_profile(trace, map->profile);
		assert_true(map->where <= TRACE_WHERE_OTHER);
		assert_true(map->where_module == TRACE_NONE ||
		            map->where_module < trace->module_count);
		seen += promise_stack(trace, map->where_stack) + promise_stack(trace, map->stack);
		for (size_t part = 0; part < sizeof(parts) / sizeof(parts[0]); part++)
			total += parts[part] == none ? 0 : parts[part];
		assert_true(total <= UINT64_MAX);
	}
	return seen;
}

__attribute__((unused)) static uint64_t
promise_holds(const struct trace *trace)
{
	uint64_t seen = promise_string(trace->header.program, sizeof(trace->header.program)) +
	                promise_string(trace->header.notice, sizeof(trace->header.notice));

	assert_true(trace->header.end <= TRACE_STOPPED);
	for (uint32_t i = 0; i < trace->node_count; i++)
		assert_true(i == 0 || trace->nodes[i].parent < i);
	for (uint32_t i = 0; i < trace->stack_count; i++) {
		const struct trace_origin *stack = &trace->stacks[i];

		seen += promise_stack(trace, i);
		promise_profile(trace, stack->profile);
		assert_true(stack->role < TRACE_ROLES && stack->split_role < TRACE_ROLES);
		assert_true(stack->split_whole >= 1 && stack->split_share <= stack->split_whole);
	}
	for (uint32_t i = 0; i < trace->series_count; i++)
		seen += trace->series[i].ns;
	for (uint32_t i = 0; i < trace->module_count; i++) {
		assert_true(trace->modules[i].build_id_size <= sizeof(trace->modules[i].build_id));
		seen += promise_string(trace->modules[i].path, sizeof(trace->modules[i].path));
	}
	for (uint32_t i = 0; i < trace->profile_count; i++) {
		const struct trace_profile *profile = &trace->profiles[i];

		seen += promise_string(profile->name, sizeof(profile->name));
		for (uint32_t at = 0; at < profile->text_size; at++)
			seen += (uint8_t)trace->text[profile->text_offset + at];
	}
	for (uint32_t i = 0; i < trace->snapshot_count; i++)
		seen += promise_rows(trace, &trace->snapshots[i]);
	return seen;
}

#endif
