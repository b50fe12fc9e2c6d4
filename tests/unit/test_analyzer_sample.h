/* Traces built by hand, in memory, for the tests of the analyzer's model. Each test is a program of
 * its own and includes this once. Everything is freed by model_close. */
#ifndef TEST_ANALYZER_SAMPLE_H
#define TEST_ANALYZER_SAMPLE_H

#include "analyzer/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SAMPLE_TEXT                                                                                \
	"profile sample\n"                                                                         \
	"title \"Map for tests\"\n"                                                                \
	"type \"sample::map<\"\n"                                                                  \
	"minimum 24\n"                                                                             \
	"wake always\n"                                                                            \
	"role buckets frames \"sample_array_new\"\n"                                               \
	"anchor buckets at header + 16 points base\n"                                              \
	"field entries i64 at header\n"                                                            \
	"require entries >= 0\n"                                                                   \
	"count entries\n"                                                                          \
	"part buckets in buckets bytes size(buckets)\n"                                            \
	"capacity 1000\n"                                                                          \
	"needed 0\n"                                                                               \
	"remedy rebuild \"make \\\"a new\\\" map\" leaves 0 transient 0\n"

/* Makes room for one more element at the end of a malloc'd array and returns it, zeroed. */
#define sample_more(array, count)                                                                  \
	((array) = realloc((array), ((size_t)(count) + 1) * sizeof *(array)),                      \
	 memset(&(array)[(count)], 0, sizeof *(array)), &(array)[(count)++])

static struct trace_origin *
sample_add_stack(struct trace *trace)
{
	uint32_t counts = trace->stack_count;

	(void)sample_more(trace->counts, counts);
	return sample_more(trace->stacks, trace->stack_count);
}

/* An ended guest with profile 0, module 0, stack 0 (unknown) and no snapshot. */
__attribute__((unused)) static struct trace *
sample_trace(void)
{
	struct trace *trace = calloc(1, sizeof *trace);
	struct trace_profile *profile;
	struct trace_module *module;
	struct trace_origin *stack;

	strcpy(trace->path, "sample.mtr");
	strcpy(trace->header.program, "/home/user/article");
	trace->header.pid = 4711;
	trace->header.end = TRACE_ENDED;
	trace->header.peak_epoch = 1;
	trace->header.last_event_ns = 5000000000;
	trace->text = strdup(SAMPLE_TEXT);
	trace->text_size = strlen(SAMPLE_TEXT);
	profile = sample_more(trace->profiles, trace->profile_count);
	strcpy(profile->name, "sample");
	profile->text_size = (uint32_t)trace->text_size;
	profile->awake = 1;
	module = sample_more(trace->modules, trace->module_count);
	strcpy(module->path, "/nowhere/article");
	(void)sample_more(trace->nodes, trace->node_count);
	stack = sample_add_stack(trace);
	stack->profile = TRACE_NONE;
	stack->role = stack->split_role = TRACE_OTHER;
	stack->split_share = stack->split_whole = 1;
	return trace;
}

/* A stack of one frame. */
__attribute__((unused)) static uint32_t
sample_stack(struct trace *trace, enum trace_role role, uint8_t flags)
{
	struct trace_frame *node = sample_more(trace->nodes, trace->node_count);
	struct trace_origin *stack = sample_add_stack(trace);

	node->pc = 0x1000 + 0x100 * trace->node_count;
	stack->node = trace->node_count - 1;
	stack->profile = role == TRACE_OTHER ? TRACE_NONE : 0;
	stack->role = stack->split_role = (uint8_t)role;
	stack->flags = flags;
	stack->split_share = stack->split_whole = 1;
	return trace->stack_count - 1;
}

__attribute__((unused)) static struct trace_snapshot_rows *
sample_snapshot(struct trace *trace, const char *label)
{
	struct trace_snapshot_rows *rows = sample_more(trace->snapshots, trace->snapshot_count);

	strcpy(rows->info.label, label);
	rows->info.cause = TRACE_CAUSE_MARK;
	rows->info.state = TRACE_SNAPSHOT_COMPLETE;
	rows->info.ns = trace->snapshot_count * UINT64_C(1000000000);
	return rows;
}

/* Blocks that are live in a snapshot, by stack. */
__attribute__((unused)) static void
sample_live(struct trace_snapshot_rows *rows, uint32_t stack, uint64_t bytes, uint64_t blocks)
{
	struct trace_live *live = sample_more(rows->live, rows->live_count);

	live->stack = stack;
	live->bytes = bytes;
	live->blocks = blocks;
	rows->info.live_bytes += bytes;
	rows->info.live_blocks += blocks;
}

__attribute__((unused)) static void
sample_claim(struct trace_snapshot_rows *rows, uint32_t stack, enum trace_role role, uint64_t bytes,
	     uint64_t blocks)
{
	struct trace_claim *claim = sample_more(rows->claims, rows->claims_count);

	claim->stack = stack;
	claim->role = role;
	claim->bytes = bytes;
	claim->blocks = blocks;
}

/* A map whose array was allocated by `stack`. Its bytes are live and claimed only where the test
 * says so by sample_live and sample_claim. */
__attribute__((unused)) static struct trace_map *
sample_map(struct trace_snapshot_rows *rows, uint64_t address, uint32_t stack, uint64_t buckets,
	   uint64_t needed)
{
	struct trace_map *map = sample_more(rows->maps, rows->maps_count);

	map->address = address;
	map->array = address + 0x1000;
	map->where = TRACE_WHERE_STACK;
	map->where_module = map->where_stack = TRACE_NONE;
	map->stack = stack;
	map->bucket_bytes = buckets;
	map->capacity = 1000;
	map->needed_low = map->needed_high = needed;
	map->resident_bytes = buckets;
	for (int i = 0; i < TRACE_REMEDIES_MAX; i++)
		map->remedies[i].leaves = map->remedies[i].transient = TRACE_UNKNOWN;
	return map;
}

/* A map with its bytes live and claimed. */
__attribute__((unused)) static struct trace_map *
sample_whole_map(struct trace_snapshot_rows *rows, uint64_t address, uint32_t stack,
		 uint64_t buckets, uint64_t needed)
{
	sample_live(rows, stack, buckets, 1);
	sample_claim(rows, stack, TRACE_BUCKETS, buckets, 1);
	return sample_map(rows, address, stack, buckets, needed);
}

__attribute__((unused)) static struct model *
sample_model(struct trace *trace)
{
	struct trace_error error;
	struct model *model = model_build(trace, &error);

	assert_non_null(model);
	return model;
}

#endif
