/*
 * See go_trace.h. The writer of trace/ publishes records as it does in the library; here one thread
 * of one process writes, and nobody waits.
 */
#include "analyzer/go_trace.h"

#include "analyzer/run_traces.h"
#include "golang/account.h"
#include "profiles/shipped.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int
init_tables(struct go_trace *trace)
{
	const struct {
		struct trace_table *table;
		enum trace_chunk_kind kind;
	} tables[] = {
	    {&trace->sites, TRACE_CHUNK_SITES},         {&trace->nodes, TRACE_CHUNK_NODES},
	    {&trace->decisions, TRACE_CHUNK_DECISIONS}, {&trace->stacks, TRACE_CHUNK_STACKS},
	    {&trace->modules, TRACE_CHUNK_MODULES},     {&trace->profiles, TRACE_CHUNK_PROFILES},
	    {&trace->text, TRACE_CHUNK_TEXT},           {&trace->snapshots, TRACE_CHUNK_SNAPSHOTS},
	    {&trace->counters, TRACE_CHUNK_COUNTERS},
	};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (trace_table_init(tables[i].table, tables[i].kind, TRACE_NONE))
			return -1;
	return 0;
}

/* The next record, published at once: nobody reads before the first snapshot. NULL with errno. */
static void *
publish(struct go_trace *trace, struct trace_table *table)
{
	void *record = trace_table_next(&trace->writer, table);

	if (record)
		trace_table_publish(&trace->writer, table);
	return record;
}

/* Site and node 0 stand for no frame; the stacks have none. */
static int
publish_stacks(struct go_trace *trace)
{
	struct trace_site *site = publish(trace, &trace->sites);

	if (!site || !publish(trace, &trace->nodes))
		return -1;
	site->module = TRACE_SITE_NO_MODULE;
	for (uint32_t i = 0; i < GOLANG_ACCOUNTS; i++) {
		struct trace_decision *decision = publish(trace, &trace->decisions);
		struct trace_stack *stack = decision ? publish(trace, &trace->stacks) : NULL;

		if (!stack)
			return -1;
		*decision = (struct trace_decision){
		    .profile = TRACE_NONE,
		    .role = TRACE_OTHER,
		    .split_role = TRACE_OTHER,
		    .flags = i == GOLANG_GARBAGE ? TRACE_STACK_GARBAGE : 0,
		    .split_share = 1,
		    .split_whole = 1,
		};
		stack->decision = i;
	}
	return 0;
}

static int
publish_profiles(struct go_trace *trace)
{
	for (size_t i = 0; i < GOLANG_LAYOUTS; i++) {
		const struct profile_source *source = profiles_shipped;
		struct trace_profile *row = trace_table_next(&trace->writer, &trace->profiles);

		while (strcmp(source->name, golang_profiles[i]) != 0)
			source++;
		if (!row)
			return -1;
		row->text_offset =
		    trace_text_append(&trace->writer, &trace->text, source->text, source->size);
		if (row->text_offset == TRACE_UNKNOWN)
			return -1;
		row->text_size = (uint32_t)source->size;
		snprintf(row->name, sizeof(row->name), "%s", source->name);
		snprintf(row->origin, sizeof(row->origin), "shipped");
		trace_table_publish(&trace->writer, &trace->profiles);
	}
	return 0;
}

static int
publish_counters(struct go_trace *trace)
{
	return publish(trace, &trace->counters) ? 0 : -1;
}

void
go_trace_start(struct go_trace *trace, uint64_t age_ns)
{
	trace->writer.header->start_realtime_ns -= age_ns;
	trace->writer.header->start_monotonic_ns -= age_ns;
}

void
go_trace_rename(struct go_trace *trace, const char *program)
{
	struct trace_header *header = trace->writer.header;

	snprintf(header->program, sizeof(header->program), "%s", program);
}

static int
fill(struct go_trace *trace, pid_t pid)
{
	struct trace_header *header = trace->writer.header;

	header->pid = (uint32_t)pid;
	header->parent_pid = 0;
	header->flags |= TRACE_OUTSIDE;
	header->threads_seen = 1;
	return init_tables(trace) || publish_stacks(trace) || publish_profiles(trace) ||
		       publish_counters(trace)
		   ? -1
		   : 0;
}

int
go_trace_create(struct go_trace *trace, const char *place, pid_t pid, const char *program,
		char error[GO_TRACE_ERROR_SIZE])
{
	const char *where = place ? place : getenv("MAPTRACE_OUT");
	char *pattern = run_traces_pattern(where && *where ? where : NULL);
	char *path = pattern ? run_traces_name(pattern, pid, program) : NULL;
	int result = -1;

	memset(trace, 0, sizeof(*trace));
	trace->writer.fd = -1;
	if (path && trace_create(&trace->writer, path, program) == 0)
		result = fill(trace, pid);
	if (result < 0)
		snprintf(error, GO_TRACE_ERROR_SIZE, "the trace %s cannot be created: %s",
			 path ? path : where, strerror(errno));
	free(pattern);
	free(path);
	return result;
}

void
go_trace_close(struct go_trace *trace)
{
	struct trace_table *tables[] = {&trace->sites,    &trace->nodes,   &trace->decisions,
					&trace->stacks,   &trace->modules, &trace->profiles,
					&trace->text,     &trace->snapshots, &trace->counters};

	if (!trace->writer.header)
		return;
	symbols_module_close(&trace->symbols);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		trace_table_release(tables[i]);
	trace_leave(&trace->writer);
}
