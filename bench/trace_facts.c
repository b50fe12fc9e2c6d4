/*
 * What a trace says of the run that wrote it, as one JSON object for bench/tools.py: enough to see
 * that the library recorded the whole run, and what a stack node costs.
 *
 *     trace_facts TRACE
 */
#include "trace/reader.h"

#include <inttypes.h>
#include <stdio.h>

struct sums {
	uint64_t allocations, frees;
};

/* Each stack's own counts, added up. */
static struct sums
add_up(const struct trace *trace)
{
	struct sums sums = {0, 0};
	for (uint32_t i = 0; i < trace->stack_count; i++) {
		sums.allocations += trace->counts[i].total_blocks;
		sums.frees += trace->counts[i].total_blocks - trace->counts[i].live_blocks;
	}
	return sums;
}

int
main(int argc, char **argv)
{
	struct trace_error error;
	struct trace *trace = argc == 2 ? trace_open(argv[1], &error) : NULL;
	if (argc != 2) {
		fprintf(stderr, "usage: trace_facts TRACE\n");
		return 2;
	}
	if (trace == NULL) {
		fprintf(stderr, "trace_facts: %s\n", error.message);
		return 1;
	}
	const struct trace_header *header = &trace->header;
	struct sums sums = add_up(trace);
	printf("{\"allocations\": %" PRIu64 ", \"frees\": %" PRIu64 ", \"unrecorded\": %" PRIu64,
	       sums.allocations, sums.frees, header->unrecorded);
	printf(", \"heap_bytes\": %" PRIu64 ", \"nodes\": %" PRIu32 ", \"stacks\": %" PRIu32,
	       header->peak_bytes, trace->node_count, trace->stack_count);
	printf(", \"snapshots\": %" PRIu32 ", \"is_ended\": %s}\n", trace->snapshot_count,
	       header->end == TRACE_ENDED ? "true" : "false");
	trace_close(trace);
	return 0;
}
