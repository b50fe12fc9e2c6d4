/* Called by those that write snapshots, and by reader.c. The number of rows is told after the last
 * of them; until then a reader may find part of one, where it runs across chunks. */
#include "trace/rows.h"

#include <string.h>

enum {
	WORD = sizeof(uint64_t),
	WIDTH_UNKNOWN = 15,
	PACKED_MAX = TRACE_ROW_MAX + (TRACE_ROW_MAX / WORD + 1) / 2,
};

static const uint16_t sizes[TRACE_CHUNK_KINDS] = {
	[TRACE_CHUNK_LIVE] = sizeof(struct trace_live),
	[TRACE_CHUNK_CLAIMS] = sizeof(struct trace_claim),
	[TRACE_CHUNK_MAPS] = sizeof(struct trace_map),
	[TRACE_CHUNK_REFUSED] = sizeof(struct trace_refused),
};
_Static_assert(sizeof(struct trace_live) % WORD == 0 && sizeof(struct trace_claim) % WORD == 0 &&
               sizeof(struct trace_map) % WORD == 0 && sizeof(struct trace_refused) % WORD == 0,
               "rows are words");
_Static_assert(sizeof(struct trace_live) <= TRACE_ROW_MAX &&
               sizeof(struct trace_claim) <= TRACE_ROW_MAX &&
               sizeof(struct trace_refused) <= TRACE_ROW_MAX, "none is larger");

size_t
trace_row_size(enum trace_chunk_kind kind)
{
	return (unsigned)kind < TRACE_CHUNK_KINDS ? sizes[kind] : 0;
}

static unsigned
width_of(uint64_t word)
{
	unsigned width = 0;

	if (word == TRACE_UNKNOWN)
		return WIDTH_UNKNOWN;
	for (; word; word >>= 8)
		width++;
	return width;
}

size_t
trace_row_pack(enum trace_chunk_kind kind, const void *row, uint8_t *bytes)
{
	size_t words = trace_row_size(kind) / WORD, used = (words + 1) / 2;

	memset(bytes, 0, used);
	for (size_t i = 0; i < words; i++) {
		uint64_t word;
		unsigned width;

		memcpy(&word, (const uint8_t *)row + i * WORD, WORD);
		width = width_of(word);
		bytes[i / 2] |= (uint8_t)(width << i % 2 * 4);
		for (; width > 0 && width <= WORD; width--, word >>= 8)
			bytes[used++] = (uint8_t)word;
	}
	return used;
}

size_t
trace_row_unpack(enum trace_chunk_kind kind, const uint8_t *bytes, size_t size, void *row)
{
	size_t words = trace_row_size(kind) / WORD, used = (words + 1) / 2;

	if (words == 0 || size < used)
		return 0;
	for (size_t i = 0; i < words; i++) {
		unsigned width = bytes[i / 2] >> i % 2 * 4 & 15;
		uint64_t word = width == WIDTH_UNKNOWN ? TRACE_UNKNOWN : 0;

		if (width == WIDTH_UNKNOWN)
			width = 0;
		if (width > WORD || width > size - used)
			return 0;
		for (unsigned byte = 0; byte < width; byte++)
			word |= (uint64_t)bytes[used++] << 8 * byte;
		memcpy((uint8_t *)row + i * WORD, &word, WORD);
	}
	return used;
}

int
trace_rows_begin(struct trace_rows *rows, struct trace_writer *writer, enum trace_chunk_kind kind,
                 uint32_t snapshot)
{
	rows->writer = writer;
	rows->count = 0;
	return trace_table_init(&rows->bytes, kind, snapshot);
}

int
trace_rows_add(struct trace_rows *rows, const void *array, size_t count)
{
	size_t size = trace_row_size(rows->bytes.kind);

	for (size_t i = 0; i < count; i++) {
		char packed[PACKED_MAX];
		size_t length = trace_row_pack(rows->bytes.kind, (const uint8_t *)array + i * size,
		                               (uint8_t *)packed);

		if (trace_text_append(rows->writer, &rows->bytes, packed, length) == TRACE_UNKNOWN)
			return -1;
		rows->count++;
	}
	return 0;
}

void
trace_rows_end(struct trace_rows *rows, uint32_t *told)
{
	__atomic_store_n(told, rows->count, __ATOMIC_RELEASE);
	trace_table_release(&rows->bytes);
}
