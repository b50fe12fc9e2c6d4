/* The bytes of a trace file, as a set of tables. Private to trace/: reader.c asks, image.c finds
 * the chunks. */
#ifndef TRACE_IMAGE_H
#define TRACE_IMAGE_H

#include "trace/reader.h"

/* Where one chunk of a table lies. Sorted by kind, owner, sequence. */
struct trace_image_chunk {
	uint32_t kind, owner, sequence, used;
	uint64_t offset;
};

struct trace_image {
	const uint8_t *bytes;
	uint64_t size;
	const char *path;
	struct trace_error *error;
	struct trace_header header;
	struct trace_image_chunk *chunks;
	uint32_t chunk_count;
	uint64_t unpacked; /* bytes of rows so far */
};

/* Proves the header to be one that this reader understands, then finds and sorts the chunks.
 * image->bytes, size, path and error are given. Returns 0, or -1 with *error filled. Release with
 * trace_image_close in both cases. */
int trace_image_open(struct trace_image *image);
void trace_image_close(struct trace_image *image);

/* How many records a table has from its first on without a gap. */
uint64_t trace_image_available(const struct trace_image *image, enum trace_chunk_kind kind,
                               uint32_t owner);

/* Copies the first `count` records (at most the available ones) into new memory, with one byte of
 * 0 after them; NULL with *error filled. */
void *trace_image_copy(const struct trace_image *image, enum trace_chunk_kind kind, uint32_t owner,
                       uint64_t count);

#endif
