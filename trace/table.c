/*
 * Growing tables within the trace file: records of one kind in chunks that never move. Called only
 * inside the guest, under the law of writer.h.
 *
 *     table.chunks[0] --> chunk 0 of the kind: per_chunk records, then a remainder
 *     table.chunks[1] --> chunk 1: anywhere in the file
 *
 * The rule that must never break: a record is whole before a count covers it. The counts rise in
 * this order, each by a release store: table.count, chunk.used, the header's. A reader that takes
 * the header's count first therefore finds every record that it promises.
 */
#include "trace/kinds.h"
#include "trace/space.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

enum {
	SLOTS_SIZE = TRACE_TABLE_CHUNKS * sizeof(struct trace_chunk *),
	RUN_MAX = 128, /* chunks in one mapping: a guest may have 65,530 mappings, all told */
};

int
trace_table_init(struct trace_table *table, enum trace_chunk_kind kind, uint32_t owner)
{
	void *slots;

	memset(table, 0, sizeof(*table));
	if (trace_record_size(kind) == 0) {
		errno = EINVAL;
		return -1;
	}
	slots = mmap(NULL, SLOTS_SIZE, PROT_READ | PROT_WRITE,
	             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (slots == MAP_FAILED)
		return -1;
	table->kind = kind;
	table->owner = owner;
	table->record_size = (uint32_t)trace_record_size(kind);
	table->per_chunk = trace_kind_per_chunk(kind);
	table->chunks = slots;
	return 0;
}

void
trace_table_release(struct trace_table *table)
{
	if (!table->chunks)
		return;
	for (uint32_t i = 0; i < TRACE_TABLE_CHUNKS && table->chunks[i]; i++)
		munmap(table->chunks[i], TRACE_CHUNK_SIZE);
	munmap(table->chunks, SLOTS_SIZE);
	memset(table, 0, sizeof(*table));
}

/* Leaves the chunks from `first` on. */
static void
leave_chunks(struct trace_table *table, uint32_t first)
{
	for (uint32_t i = first; i < TRACE_TABLE_CHUNKS && table->chunks[i]; i++) {
		munmap(table->chunks[i], TRACE_CHUNK_SIZE);
		table->chunks[i] = NULL;
	}
}

void
trace_table_borrow(struct trace_table *table)
{
	table->is_borrowed = true;
	leave_chunks(table, (table->count + table->per_chunk - 1) / table->per_chunk);
}

int
trace_table_own(struct trace_table *table)
{
	uint32_t last = table->count / table->per_chunk, records = table->count % table->per_chunk;

	if (table->is_borrowed && records > 0) {
		if (trace_space_copy(table->chunks[last], TRACE_CHUNK_HEADER_SIZE +
		                  (size_t)records * table->record_size, TRACE_CHUNK_SIZE))
			return -1;
		table->chunks[last]->used = records;
	}
	table->is_borrowed = false;
	return 0;
}

void
trace_table_detach(struct trace_table *table)
{
	for (uint32_t i = 0; i < TRACE_TABLE_CHUNKS && table->chunks[i]; i++)
		trace_space_copy(table->chunks[i], TRACE_CHUNK_SIZE, TRACE_CHUNK_SIZE);
}

void
trace_table_empty(struct trace_table *table)
{
	leave_chunks(table, 0);
	table->count = 0;
	table->is_borrowed = false;
}

/* Large tables take several chunks at once, an eighth of what they have: no more lies idle. */
static struct trace_chunk *
take_run(struct trace_writer *writer, uint32_t sequence, uint32_t *run)
{
	struct trace_chunk *first = NULL;

	*run = sequence / 8 < RUN_MAX ? sequence / 8 : RUN_MAX;
	if (*run > TRACE_TABLE_CHUNKS - sequence)
		*run = TRACE_TABLE_CHUNKS - sequence;
	if (*run > 1)
		first = trace_space_take(writer, *run);
	if (!first) { /* or there is room for one only */
		*run = 1;
		first = trace_space_take(writer, 1);
	}
	return first;
}

static struct trace_chunk *
chunk_after(struct trace_chunk *chunk, uint32_t distance)
{
	return (struct trace_chunk *)((uint8_t *)chunk + (size_t)distance * TRACE_CHUNK_SIZE);
}

/* The kind comes last: until then the chunk counts as free. */
static void
label(struct trace_chunk *chunk, const struct trace_table *table, uint32_t sequence, uint32_t used)
{
	chunk->owner = table->owner;
	chunk->sequence = sequence;
	chunk->used = used;
	__atomic_store_n(&chunk->kind, table->kind, __ATOMIC_RELEASE);
}

static int
grow(struct trace_writer *writer, struct trace_table *table, uint32_t sequence)
{
	uint32_t run;
	struct trace_chunk *first = take_run(writer, sequence, &run);

	if (!first) {
		writer->error = errno;
		return -1;
	}
	for (uint32_t i = 0; i < run; i++) {
		label(chunk_after(first, i), table, sequence + i, 0);
		__atomic_store_n(&table->chunks[sequence + i], chunk_after(first, i),
		                 __ATOMIC_RELEASE);
	}
	return 0;
}

/* The chunk for the next record, taken now if the table has none there yet. */
static struct trace_chunk *
last_chunk(struct trace_writer *writer, struct trace_table *table)
{
	uint32_t sequence;

	if (!writer->header || !table->chunks) {
		errno = EBADF;
		return NULL;
	}
	if (table->is_borrowed && trace_table_own(table) != 0)
		return NULL;
	sequence = table->count / table->per_chunk;
	if (sequence >= TRACE_TABLE_CHUNKS) {
		errno = ENOSPC;
		return NULL;
	}
	if (!table->chunks[sequence] && grow(writer, table, sequence) != 0)
		return NULL;
	return table->chunks[sequence];
}

void *
trace_table_next(struct trace_writer *writer, struct trace_table *table)
{
	if (!last_chunk(writer, table))
		return NULL;
	return memset(trace_table_at(table, table->count), 0, table->record_size);
}

/* Covers `records` more, all in one chunk. `used` never falls: after trace_table_shorten it may be
 * ahead of the header's count, and a reader that has an older header still finds its records. */
static void
publish(struct trace_writer *writer, struct trace_table *table, uint32_t records)
{
	struct trace_chunk *chunk = table->chunks[table->count / table->per_chunk];
	uint32_t used = table->count % table->per_chunk + records;
	uint32_t *counted = trace_kind_count(writer->header, table->kind);

	__atomic_store_n(&table->count, table->count + records, __ATOMIC_RELEASE);
	if (used > chunk->used)
		__atomic_store_n(&chunk->used, used, __ATOMIC_RELEASE);
	if (counted)
		__atomic_store_n(counted, table->count, __ATOMIC_RELEASE);
}

uint32_t
trace_table_publish(struct trace_writer *writer, struct trace_table *table)
{
	publish(writer, table, 1);
	return table->count - 1;
}

void
trace_table_shorten(struct trace_writer *writer, struct trace_table *table, uint32_t count)
{
	uint32_t *counted = trace_kind_count(writer->header, table->kind);

	if (count >= table->count)
		return;
	if (counted)
		__atomic_store_n(counted, count, __ATOMIC_RELEASE);
	__atomic_store_n(&table->count, count, __ATOMIC_RELEASE);
}

uint64_t
trace_text_append(struct trace_writer *writer, struct trace_table *table, const char *bytes,
                  size_t size)
{
	uint64_t start = table->count;

	while (size > 0) {
		uint32_t room = table->per_chunk - table->count % table->per_chunk;
		uint32_t part = size < room ? (uint32_t)size : room;

		if (!last_chunk(writer, table))
			return TRACE_UNKNOWN;
		memcpy(trace_table_at(table, table->count), bytes, part);
		publish(writer, table, part);
		bytes += part;
		size -= part;
	}
	return start;
}

/* The table's chunks move to another file, `chunks` of them from `first` on. */
static int
move_chunks(int fd, struct trace_table *table, uint32_t first, uint32_t chunks)
{
	uint32_t left = table->count;

	for (uint32_t i = 0; i < chunks; i++) {
		uint32_t records = left < table->per_chunk ? left : table->per_chunk;
		struct trace_chunk label = { table->kind, table->owner, i, records, { 0 } };

		if (trace_space_move(fd, first + i, table->chunks[i], &label,
		                     (size_t)records * table->record_size) != 0)
			return -1;
		left -= records;
	}
	return 0;
}

int
trace_table_clone(struct trace_writer *to, struct trace_table *table)
{
	uint32_t *counted = trace_kind_count(to->header, table->kind);
	uint32_t chunks = (table->count + table->per_chunk - 1) / table->per_chunk, first;

	if (chunks > 0) {
		int fd = trace_space_number(to, chunks, &first);

		if (fd < 0 || move_chunks(fd, table, first, chunks) != 0)
			return -1;
	}
	leave_chunks(table, chunks); /* what was taken ahead stays with the old file */
	table->is_borrowed = false;
	if (counted)
		__atomic_store_n(counted, table->count, __ATOMIC_RELEASE);
	return 0;
}
