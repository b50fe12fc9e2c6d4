/*
 * Rows of one snapshot, of one kind: a table of the trace, and where their number is told. Used by
 * those that write a snapshot (snapshot_write.c).
 *
 *     snapshot_rows_begin --> snapshot_rows_add ... --> snapshot_rows_end
 */
#ifndef PRELOAD_SNAPSHOT_SNAPSHOT_ROWS_H
#define PRELOAD_SNAPSHOT_SNAPSHOT_ROWS_H

#include "trace/writer.h"

#include <stddef.h>

struct snapshot_rows {
	struct trace_table table;
	uint32_t *told;
};

/* 0, or -1: no memory. Ended where it succeeded. */
int snapshot_rows_begin(struct snapshot_rows *rows, uint32_t index, enum trace_chunk_kind kind,
                        uint32_t *told);

/* `count` rows as they are. 0, or -1: no room in the trace. */
int snapshot_rows_add(struct snapshot_rows *rows, const void *array, size_t count);

/* Tells their number; returns `result`. */
int snapshot_rows_end(struct snapshot_rows *rows, int result);

#endif
