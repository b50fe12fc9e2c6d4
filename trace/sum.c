/*
 * From the pages of counters, one set for each thread, to one count for each stack. Called by
 * reader.c.
 *
 *     pages      | stacks 0..63, thread 0 | stacks 0..63, thread 1 | stacks 64..127, thread 0 | ...
 *     counts     | stack 0 | stack 1 | ...
 *
 * The bytes are hostile: a page may be of stacks that are not there, and any counter may hold any
 * number; sums are modulo 2^64. A guest that was killed, or that runs, may have counted blocks that
 * its peak has not heard of: then the peak is now. Where there was one thread the header's is
 * exact, and sums that differ from it are of more than one moment.
 */
#include "trace/sum.h"

static void
sum_counter(const struct trace_header *header, const struct trace_counter *counter,
            struct trace_count *into)
{
	bool is_saved = counter->epoch == header->peak_epoch;
	bool is_first = !into->total_blocks && !into->live_blocks;

	if (!counter->total_blocks && !counter->live_blocks && !counter->live_bytes)
		return;
	into->is_peak_bound |= !is_first;
	into->live_bytes += counter->live_bytes;
	into->live_blocks = (uint32_t)(into->live_blocks + counter->live_blocks);
	into->total_bytes += counter->total_bytes;
	into->total_blocks += counter->total_blocks;
	into->peak_bytes += counter->peak_bytes;
	into->at_peak_bytes += is_saved ? counter->saved_bytes : counter->live_bytes;
	into->at_peak_blocks = (uint32_t)(into->at_peak_blocks + (is_saved ?
	                                  counter->saved_blocks : counter->live_blocks));
}

/* What is counted while the file is copied may be caught on one side of a thread only. */
static void
sum_close(struct trace_count *count)
{
	if (count->is_peak_bound && count->peak_bytes > count->total_bytes)
		count->peak_bytes = count->total_bytes;
	if ((int64_t)count->live_bytes < 0)
		count->live_bytes = 0;
	if ((int64_t)count->at_peak_bytes < 0)
		count->at_peak_bytes = 0;
	if ((int32_t)count->live_blocks < 0)
		count->live_blocks = 0;
	if ((int32_t)count->at_peak_blocks < 0)
		count->at_peak_blocks = 0;
}

/* Whether one thread writes all of it: what the header says of the sums is exact then. */
static bool
is_ones_own(const struct trace_header *header)
{
	return header->end == TRACE_RUNNING && !header->peak_slack_bytes_log2;
}

static void
sum_header(struct trace *trace)
{
	uint64_t live = 0, at_peak = 0;

	for (uint32_t i = 0; i < trace->stack_count; i++) {
		live += trace->counts[i].live_bytes;
		at_peak += trace->counts[i].at_peak_bytes;
	}
	trace->is_torn = is_ones_own(&trace->header) && (live != trace->header.live_bytes ||
	                                                 at_peak != trace->header.peak_bytes);
	trace->header.live_bytes = live;
	if (live <= trace->header.peak_bytes || trace->is_torn)
		return;
	trace->header.peak_bytes = live;
	trace->header.peak_ns = trace->header.last_event_ns;
	for (uint32_t i = 0; i < trace->stack_count; i++) {
		trace->counts[i].at_peak_bytes = trace->counts[i].live_bytes;
		trace->counts[i].at_peak_blocks = trace->counts[i].live_blocks;
	}
}

void
trace_sum(struct trace *trace, const struct trace_counters *pages, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		for (uint32_t j = 0; j < TRACE_COUNTERS; j++) {
			uint64_t stack = (uint64_t)pages[i].first + j;

			if (stack < trace->stack_count)
				sum_counter(&trace->header, &pages[i].counters[j],
				            &trace->counts[stack]);
		}
	}
	for (uint32_t i = 0; i < trace->stack_count; i++)
		sum_close(&trace->counts[i]);
	sum_header(trace);
}
