/*
 * One snapshot of a Go program as rows of its trace: go_trace_add of go_trace.h.
 */
#include "analyzer/go_trace.h"

#include "analyzer/go_module.h"
#include "analyzer/go_place.h"
#include "golang/account.h"
#include "trace/rows.h"
#include "trace/words.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct rows {
	struct go_trace *trace;
	uint32_t index; /* of the snapshot */
	struct golang_account account;
	const struct golang_input *input;
	const struct golang_result *found;
};

static int
publish_module(struct rows *rows, const char *file)
{
	struct go_trace *trace = rows->trace;
	struct trace_module *row;

	if (trace->has_module)
		return 0;
	row = trace_table_next(&trace->writer, &trace->modules);
	if (!row)
		return -1;
	if (!go_module_describe(rows->input->memory, rows->input->image, file, row))
		return 0;
	trace_table_publish(&trace->writer, &trace->modules);
	trace->has_module = true;
	symbols_module_open(&trace->symbols, row);
	return 0;
}

static int
add_map(struct rows *rows, struct trace_rows *maps, struct trace_words *words,
	const struct golang_map *from)
{
	struct go_trace *trace = rows->trace;
	const char *texts = rows->found->texts;
	char place[GO_PLACE_SIZE];
	struct trace_map row;

	golang_account_map(&rows->account, from, &row);
	row.where_module = (row.where == TRACE_WHERE_GLOBAL || row.where_pc) &&
			   trace->has_module ? 0 : TRACE_NONE;
	if (!trace->has_module)
		row.where_pc = 0;
	row.type = trace_words_put(words, texts + from->map.type);
	row.place = trace_words_put(words, go_place_describe(
		from, texts, trace->has_module ? &trace->symbols : NULL,
		trace->has_module ? trace_table_at(&trace->modules, 0) : NULL, place));
	if (row.type == TRACE_NONE || row.place == TRACE_NONE)
		return -1;
	return trace_rows_add(maps, &row, 1);
}

static int
write_maps(struct rows *rows, struct trace_snapshot *record)
{
	struct trace_words words;
	struct trace_rows maps;
	int result = 0;

	if (trace_rows_begin(&maps, &rows->trace->writer, TRACE_CHUNK_MAPS, rows->index))
		return -1;
	if (trace_words_begin(&words, &rows->trace->writer, rows->index)) {
		trace_rows_end(&maps, &record->maps);
		return -1;
	}
	for (size_t i = 0; i < rows->found->map_count && result == 0; i++)
		result = add_map(rows, &maps, &words, &rows->found->maps[i]);
	trace_words_end(&words, &record->words);
	trace_rows_end(&maps, &record->maps);
	return result;
}

static int
write_claims(struct rows *rows, struct trace_snapshot *record)
{
	struct trace_claim sums[GOLANG_ACCOUNTS * TRACE_ROLES];
	struct trace_rows claims;
	int result = 0;

	golang_account_claims(&rows->account, rows->found, sums);
	if (trace_rows_begin(&claims, &rows->trace->writer, TRACE_CHUNK_CLAIMS, rows->index))
		return -1;
	for (uint32_t i = 0; i < GOLANG_ACCOUNTS * TRACE_ROLES && result == 0; i++)
		if (sums[i].blocks)
			result = trace_rows_add(&claims, &sums[i], 1);
	trace_rows_end(&claims, &record->claims);
	return result;
}

/* Raises the peak before the counters move to it. */
static void
note_header(struct go_trace *trace, uint64_t ns, uint64_t live_bytes)
{
	struct trace_header *header = trace->writer.header;

	header->last_event_ns = ns;
	header->live_bytes = live_bytes;
	if (live_bytes >= header->peak_bytes) {
		header->peak_bytes = live_bytes;
		header->peak_ns = ns;
		header->peak_epoch++;
	}
}

/* The counters are those of the last snapshot: between two nothing is known. What was so at the
 * highest one is saved by the first that is not, as the library does. */
static void
count(struct go_trace *trace, uint32_t stack, uint64_t bytes, uint64_t blocks)
{
	const struct trace_header *header = trace->writer.header;
	struct trace_counters *page = trace_table_at(&trace->counters, 0);
	struct trace_counter *counter = &page->counters[stack];

	if (header->last_event_ns != header->peak_ns && counter->epoch != header->peak_epoch) {
		counter->saved_bytes = counter->live_bytes;
		counter->saved_blocks = counter->live_blocks;
		counter->epoch = header->peak_epoch;
	}
	counter->live_bytes = counter->total_bytes = bytes;
	counter->total_blocks = blocks;
	counter->live_blocks = (uint32_t)blocks;
	counter->peak_bytes = counter->peak_bytes > bytes ? counter->peak_bytes : bytes;
}

static int
write_live(struct rows *rows, struct trace_snapshot *record)
{
	const struct golang_totals *totals = &rows->found->totals;
	struct trace_live live[GOLANG_ACCOUNTS];
	struct trace_rows table;
	int result;

	golang_account_live(&rows->account, rows->found, live);
	if (trace_rows_begin(&table, &rows->trace->writer, TRACE_CHUNK_LIVE, rows->index))
		return -1;
	note_header(rows->trace, record->ns, totals->object_bytes);
	for (uint32_t i = 0; i < GOLANG_ACCOUNTS; i++)
		count(rows->trace, i, live[i].bytes, live[i].blocks);
	result = trace_rows_add(&table, live, GOLANG_ACCOUNTS);
	record->live_bytes = totals->object_bytes;
	record->live_blocks = totals->objects;
	trace_rows_end(&table, &record->live);
	return result;
}

static int
write_refused(struct rows *rows, struct trace_snapshot *record)
{
	struct trace_rows refused;
	int result = 0;

	if (trace_rows_begin(&refused, &rows->trace->writer, TRACE_CHUNK_REFUSED, rows->index))
		return -1;
	for (size_t i = 0; i < rows->found->refused_count && result == 0; i++) {
		struct trace_refused row = rows->found->refused[i];

		row.profile = rows->account.profile;
		result = trace_rows_add(&refused, &row, 1);
	}
	trace_rows_end(&refused, &record->refused);
	return result;
}

static struct trace_snapshot *
begin_record(struct go_trace *trace, const struct go_moment *moment, uint32_t *index)
{
	struct trace_snapshot *record = trace_table_next(&trace->writer, &trace->snapshots);

	if (!record)
		return NULL;
	snprintf(record->label, sizeof(record->label), "%s", moment->label);
	record->cause = moment->cause;
	record->pid = (uint32_t)getpid();
	record->ns = moment->ns;
	record->pause_ns = moment->pause_ns;
	record->scan_bytes = record->scanned_bytes = moment->scan_bytes;
	*index = trace_table_publish(&trace->writer, &trace->snapshots);
	return record;
}

int
go_trace_add(struct go_trace *trace, const struct go_moment *moment, const char *file,
	     const struct golang_input *input, const struct golang_result *found)
{
	struct rows rows = {.trace = trace, .input = input, .found = found,
			    .account = {found->layout, {GOLANG_REACHED, GOLANG_GARBAGE}}};
	struct trace_snapshot *record = begin_record(trace, moment, &rows.index);
	struct trace_profile *profile = trace_table_at(&trace->profiles, found->layout);

	if (!record)
		return -1;
	profile->awake = 1;
	if (publish_module(&rows, file) || write_maps(&rows, record) ||
	    write_claims(&rows, record) || write_live(&rows, record) ||
	    write_refused(&rows, record))
		return -1;
	if (!found->is_complete && found->reason)
		snprintf(record->reason, sizeof(record->reason), "%s", found->reason);
	__atomic_store_n(&record->state,
			 found->is_complete ? TRACE_SNAPSHOT_COMPLETE : TRACE_SNAPSHOT_CUT,
			 __ATOMIC_RELEASE);
	return 0;
}
