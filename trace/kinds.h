/*
 * What each kind of chunk holds, for the writer and the reader alike: how large a record is, and
 * which field of the header counts the published ones.
 */
#ifndef TRACE_KINDS_H
#define TRACE_KINDS_H

#include "trace/format.h"

#include <stdbool.h>

/* Records that fit in one chunk; 0 for kinds that hold none. */
uint32_t trace_kind_per_chunk(enum trace_chunk_kind kind);

/* The field of *header that counts the published records of this kind, or NULL: TEXT and the rows
 * of snapshots are counted by their chunks' `used`. */
uint32_t *trace_kind_count(struct trace_header *header, enum trace_chunk_kind kind);

/* True for the rows of snapshots: chunk.owner says of which. */
bool trace_kind_is_row(uint32_t kind);

#endif
