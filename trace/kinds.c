/*
 * The one table of chunk kinds. Called by the writer inside the guest and by the reader: it must
 * stay free of anything but constants.
 */
#include "trace/kinds.h"
#include "trace/writer.h"

static const struct {
	size_t record_size;
	size_t count_offset; /* in struct trace_header; 0: not counted there */
} kinds[TRACE_CHUNK_KINDS] = {
	[TRACE_CHUNK_SITES] = { sizeof(struct trace_site), offsetof(struct trace_header, sites) },
	[TRACE_CHUNK_DECISIONS] = { sizeof(struct trace_decision),
	                            offsetof(struct trace_header, decisions) },
	[TRACE_CHUNK_NODES] = { sizeof(struct trace_node), offsetof(struct trace_header, nodes) },
	[TRACE_CHUNK_STACKS] = { sizeof(struct trace_stack),
	                         offsetof(struct trace_header, stacks) },
	[TRACE_CHUNK_SERIES] = { sizeof(struct trace_point),
	                         offsetof(struct trace_header, series_points) },
	[TRACE_CHUNK_MODULES] = { sizeof(struct trace_module),
	                          offsetof(struct trace_header, modules) },
	[TRACE_CHUNK_PROFILES] = { sizeof(struct trace_profile),
	                           offsetof(struct trace_header, profiles) },
	[TRACE_CHUNK_TEXT] = { 1, 0 },
	[TRACE_CHUNK_SNAPSHOTS] = { sizeof(struct trace_snapshot),
	                            offsetof(struct trace_header, snapshots) },
	[TRACE_CHUNK_COUNTERS] = { sizeof(struct trace_counters),
	                           offsetof(struct trace_header, counters) },
	[TRACE_CHUNK_LIVE] = { 1, 0 },
	[TRACE_CHUNK_CLAIMS] = { 1, 0 },
	[TRACE_CHUNK_MAPS] = { 1, 0 },
	[TRACE_CHUNK_REFUSED] = { 1, 0 },
	[TRACE_CHUNK_WORDS] = { 1, 0 },
};

size_t
trace_record_size(enum trace_chunk_kind kind)
{
	return (unsigned)kind < TRACE_CHUNK_KINDS ? kinds[kind].record_size : 0;
}

uint32_t
trace_kind_per_chunk(enum trace_chunk_kind kind)
{
	size_t size = trace_record_size(kind);

	return size ? TRACE_CHUNK_PAYLOAD / size : 0;
}

uint32_t *
trace_kind_count(struct trace_header *header, enum trace_chunk_kind kind)
{
	if ((unsigned)kind >= TRACE_CHUNK_KINDS || kinds[kind].count_offset == 0)
		return NULL;
	return (uint32_t *)((uint8_t *)header + kinds[kind].count_offset);
}

bool
trace_kind_is_row(uint32_t kind)
{
	return kind >= TRACE_CHUNK_LIVE && kind < TRACE_CHUNK_KINDS;
}
