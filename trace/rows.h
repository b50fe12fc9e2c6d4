/*
 * The rows of a snapshot, packed: most of their words are zero, unknown or small. Written inside
 * the guest and in the analyzer, by the rules of writer.h; read by reader.c.
 *
 *     row      words of 8 bytes              w0             w1            w2 ...
 *     packed   | widths, 4 bits a word, the first one low | bytes of w0, low first | of w1 | ...
 *     width    0 to 8: as many bytes, what is above them is zero; 15: TRACE_UNKNOWN, no bytes
 *
 * Packed rows follow one another, across chunks. The last may be in part where its writer died.
 */
#ifndef TRACE_ROWS_H
#define TRACE_ROWS_H

#include "trace/writer.h"

enum { TRACE_ROW_MAX = sizeof(struct trace_map) }; /* bytes, not packed */

struct trace_rows {
	struct trace_writer *writer;
	struct trace_table bytes;
	uint32_t count;
};

/* Bytes of a row of this kind, not packed; 0: it holds none. */
size_t trace_row_size(enum trace_chunk_kind kind);

/* For the rows of this kind of the snapshot with this index. Returns 0, or -1 with errno. */
int trace_rows_begin(struct trace_rows *rows, struct trace_writer *writer,
                     enum trace_chunk_kind kind, uint32_t snapshot);

/* Adds `count` rows that lie one after the other. Returns 0, or -1 with errno: no room. */
int trace_rows_add(struct trace_rows *rows, const void *array, size_t count);

/* Tells how many there are (a count of struct trace_snapshot) and forgets the table. */
void trace_rows_end(struct trace_rows *rows, uint32_t *told);

/* Unpacks the row at `bytes`, of which `size` are there, into `row`. Returns the bytes that it
 * took; 0: it is not all there, or no row. */
size_t trace_row_unpack(enum trace_chunk_kind kind, const uint8_t *bytes, size_t size, void *row);

/* Packs a row. Returns its bytes, at most its size and half a byte for each word. */
size_t trace_row_pack(enum trace_chunk_kind kind, const void *row, uint8_t *bytes);

#endif
