/*
 * From the bytes of a trace file to plain arrays that can be trusted. Called by the analyzer.
 *
 *     capture.c: file --> bytes    image.c: bytes --> tables    here: tables --> struct trace
 *     join.c: what records share --> each record    validate.c: proves struct trace
 *
 * How many records a table has: the header's count for the common kinds; for the rows of a snapshot
 * what its chunks say, since their writer may have died before it said so. A complete snapshot must
 * have exactly the rows that it claims, any other at least those.
 */
#include "trace/capture.h"
#include "trace/failure.h"
#include "trace/image.h"
#include "trace/join.h"
#include "trace/kinds.h"
#include "trace/reader.h"
#include "trace/rows.h"
#include "trace/sum.h"
#include "trace/validate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNPACKED_MAX (UINT64_C(4) << 30) /* a byte of a file can say 16 of rows */

/* Says that records are missing: because the end of the file is, or without an excuse. */
static int
fail_missing(const struct trace_image *image, const char *what, uint64_t promised,
             uint64_t available)
{
	uint64_t chunks = (image->size - TRACE_HEADER_SIZE) / TRACE_CHUNK_SIZE;

	if (image->header.chunks > chunks)
		return trace_fail(image->error, TRACE_ERROR_TRUNCATED, image->size,
		                  "cannot use %.200s: it promises %llu %s and holds %llu; it ends "
		                  "after %llu bytes, before its last record; copy the trace again, "
		                  "or trace the program again",
		                  image->path, (unsigned long long)promised, what,
		                  (unsigned long long)available, (unsigned long long)image->size);
	return trace_corrupt(image->error, image->path, 0, "it promises %llu %s and holds %llu",
	                     (unsigned long long)promised, what, (unsigned long long)available);
}

/* A table that the header counts. */
static int
load_common(struct trace_image *image, enum trace_chunk_kind kind, const char *what, void *array,
            uint32_t *count)
{
	uint64_t promised = *trace_kind_count(&image->header, kind);
	uint64_t available = trace_image_available(image, kind, TRACE_NONE);
	void *copy;

	if (promised > available)
		return fail_missing(image, what, promised, available);
	copy = trace_image_copy(image, kind, TRACE_NONE, promised);
	if (!copy)
		return -1;
	memcpy(array, &copy, sizeof(copy));
	*count = (uint32_t)promised;
	return 0;
}

static int
load_stacks(struct trace_image *image, struct trace *trace)
{
	struct trace_join join = { 0 };
	int result = -1;

	if (load_common(image, TRACE_CHUNK_SITES, "sites", &join.sites, &join.site_count) == 0 &&
	    load_common(image, TRACE_CHUNK_NODES, "nodes", &join.nodes, &join.node_count) == 0 &&
	    load_common(image, TRACE_CHUNK_DECISIONS, "decisions", &join.decisions,
	                &join.decision_count) == 0 &&
	    load_common(image, TRACE_CHUNK_STACKS, "stacks", &join.stacks,
	                &join.stack_count) == 0)
		result = trace_join(&join, trace, image->error);
	free(join.sites);
	free(join.nodes);
	free(join.decisions);
	free(join.stacks);
	return result;
}

static int
load_counts(struct trace_image *image, struct trace *trace)
{
	struct trace_counters *pages = NULL;
	uint32_t count = 0;

	if (load_common(image, TRACE_CHUNK_COUNTERS, "pages of counters", &pages, &count) != 0)
		return -1;
	trace->counts = calloc((size_t)trace->stack_count + 1, sizeof(*trace->counts));
	if (trace->counts)
		trace_sum(trace, pages, count);
	else
		trace_fail_memory(image->error, image->path);
	free(pages);
	return trace->counts ? 0 : -1;
}

static int
load_text(struct trace_image *image, struct trace *trace)
{
	trace->text_size = trace_image_available(image, TRACE_CHUNK_TEXT, TRACE_NONE);
	trace->text = trace_image_copy(image, TRACE_CHUNK_TEXT, TRACE_NONE, trace->text_size);
	return trace->text ? 0 : -1;
}

/* Unpacks what is there into `rows`, where given. Returns the number of whole rows; *used: the
 * bytes that they take. */
static uint32_t
unpack(enum trace_chunk_kind kind, const uint8_t *bytes, uint64_t size, uint8_t *rows,
       uint64_t *used)
{
	uint64_t row[TRACE_ROW_MAX / sizeof(uint64_t)];
	size_t length, row_size = trace_row_size(kind);
	uint32_t count = 0;

	*used = 0;
	while (count < UINT32_MAX &&
	       (length = trace_row_unpack(kind, bytes + *used, size - *used, row)) > 0) {
		if (rows)
			memcpy(rows + count * row_size, row, row_size);
		count++;
		*used += length;
	}
	return count;
}

/* The rows of one kind of snapshot number `owner`. `promised` is set to what is there. */
static int
load_rows(struct trace_image *image, enum trace_chunk_kind kind, uint32_t owner, bool complete,
          uint32_t *promised, void *array, uint32_t *count)
{
	uint64_t size = trace_image_available(image, kind, owner), used;
	uint8_t *packed = trace_image_copy(image, kind, owner, size), *rows;
	int result = -1;

	if (!packed)
		return -1;
	*count = unpack(kind, packed, size, NULL, &used);
	if (*promised > *count || (complete && (*promised != *count || used != size))) {
		fail_missing(image, "rows of a snapshot", *promised, *count);
		goto out;
	}
	image->unpacked += *count * (uint64_t)trace_row_size(kind);
	if (image->unpacked > UNPACKED_MAX) {
		trace_corrupt(image->error, image->path, 0,
		              "the rows of its snapshots would take more than 4 GiB");
		goto out;
	}
	rows = malloc(*count * trace_row_size(kind) + 1);
	if (!rows) {
		trace_fail_memory(image->error, image->path);
		goto out;
	}
	*promised = unpack(kind, packed, size, rows, &used);
	memcpy(array, &rows, sizeof(rows));
	result = 0;
out:
	free(packed);
	return result;
}

static int
load_words(struct trace_image *image, uint32_t owner, bool complete,
           struct trace_snapshot_rows *rows)
{
	uint64_t available = trace_image_available(image, TRACE_CHUNK_WORDS, owner);
	uint32_t promised = rows->info.words;

	if (promised > available || (complete && promised != available))
		return fail_missing(image, "texts of a snapshot", promised, available);
	rows->words = trace_image_copy(image, TRACE_CHUNK_WORDS, owner, available);
	rows->info.words = rows->words_size = (uint32_t)available;
	return rows->words ? 0 : -1;
}

static int
load_snapshot(struct trace_image *image, uint32_t index, struct trace_snapshot_rows *rows)
{
	struct trace_snapshot *info = &rows->info;
	bool complete = info->state == TRACE_SNAPSHOT_COMPLETE;

	if (load_rows(image, TRACE_CHUNK_LIVE, index, complete, &info->live, &rows->live,
	              &rows->live_count) != 0 ||
	    load_rows(image, TRACE_CHUNK_CLAIMS, index, complete, &info->claims, &rows->claims,
	              &rows->claims_count) != 0 ||
	    load_rows(image, TRACE_CHUNK_MAPS, index, complete, &info->maps, &rows->maps,
	              &rows->maps_count) != 0 ||
	    load_rows(image, TRACE_CHUNK_REFUSED, index, complete, &info->refused,
	              &rows->refused, &rows->refused_count) != 0)
		return -1;
	return load_words(image, index, complete, rows);
}

static int
load_snapshots(struct trace_image *image, struct trace *trace)
{
	struct trace_snapshot *infos = NULL;
	uint32_t count = 0;
	int result = -1;

	if (load_common(image, TRACE_CHUNK_SNAPSHOTS, "snapshots", &infos, &count) != 0)
		return -1;
	trace->snapshots = calloc((size_t)count + 1, sizeof(*trace->snapshots));
	if (!trace->snapshots) {
		trace_fail_memory(image->error, image->path);
		goto out;
	}
	trace->snapshot_count = count;
	for (uint32_t i = 0; i < count; i++) {
		trace->snapshots[i].info = infos[i];
		if (load_snapshot(image, i, &trace->snapshots[i]) != 0)
			goto out;
	}
	result = 0;
out:
	free(infos);
	return result;
}

static int
load(struct trace_image *image, struct trace *trace)
{
	if (trace_image_open(image) != 0)
		return -1;
	trace->header = image->header;
	if (load_stacks(image, trace) != 0 || load_counts(image, trace) != 0 ||
	    load_common(image, TRACE_CHUNK_SERIES, "points in time", &trace->series,
	                &trace->series_count) != 0 ||
	    load_common(image, TRACE_CHUNK_MODULES, "modules", &trace->modules,
	                &trace->module_count) != 0 ||
	    load_common(image, TRACE_CHUNK_PROFILES, "profiles", &trace->profiles,
	                &trace->profile_count) != 0 ||
	    load_text(image, trace) != 0 || load_snapshots(image, trace) != 0)
		return -1;
	return trace_validate(trace, image->error);
}

struct trace *
trace_open_bytes(const void *bytes, size_t size, const char *path, struct trace_error *error)
{
	struct trace_image image = { .bytes = bytes, .size = size, .path = path, .error = error };
	struct trace *trace = calloc(1, sizeof(*trace));
	int result;

	memset(error, 0, sizeof(*error));
	if (!trace) {
		trace_fail_memory(error, path);
		return NULL;
	}
	snprintf(trace->path, sizeof(trace->path), "%s", path);
	trace->file_size = size;
	result = load(&image, trace);
	trace_image_close(&image);
	if (result != 0) {
		trace_close(trace);
		return NULL;
	}
	return trace;
}

struct trace *
trace_open(const char *path, struct trace_error *error)
{
	struct trace *trace;
	size_t size = 0;
	void *bytes;

	memset(error, 0, sizeof(*error));
	bytes = trace_capture(path, &size, error);
	if (!bytes)
		return NULL;
	trace = trace_open_bytes(bytes, size, path, error);
	free(bytes);
	return trace;
}

void
trace_close(struct trace *trace)
{
	if (!trace)
		return;
	for (uint32_t i = 0; i < trace->snapshot_count; i++) {
		free(trace->snapshots[i].live);
		free(trace->snapshots[i].claims);
		free(trace->snapshots[i].maps);
		free(trace->snapshots[i].refused);
		free(trace->snapshots[i].words);
	}
	free(trace->snapshots);
	free(trace->nodes);
	free(trace->stacks);
	free(trace->counts);
	free(trace->series);
	free(trace->modules);
	free(trace->profiles);
	free(trace->text);
	free(trace);
}
