/*
 * Finds the tables in the bytes of a trace file. Called by reader.c only. The bytes are hostile:
 * every number is compared with the size of what is there before it is used, and nothing is read
 * through a cast, since the bytes need not be aligned.
 */
#include "trace/failure.h"
#include "trace/image.h"
#include "trace/kinds.h"
#include "trace/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int
check_magic(struct trace_image *image)
{
	size_t length = sizeof(image->header.magic);

	if (image->size == 0)
		return trace_fail(image->error, TRACE_ERROR_FOREIGN, 0,
		                  "cannot read %.300s as a trace: it is empty; its writer ended "
		                  "before it began, or found no space on the disk",
		                  image->path);
	if (image->size < length || memcmp(image->bytes, TRACE_MAGIC, length) != 0)
		return trace_fail(image->error, TRACE_ERROR_FOREIGN, 0,
		                  "cannot read %.300s as a trace: it does not begin as one; name a "
		                  "file that maptrace wrote (*.mtr)",
		                  image->path);
	return 0;
}

static int
check_version(struct trace_image *image)
{
	const struct trace_header *header = &image->header;

	if (header->byte_order == __builtin_bswap32(TRACE_BYTE_ORDER))
		return trace_fail(image->error, TRACE_ERROR_ORDER,
		                  offsetof(struct trace_header, byte_order),
		                  "cannot read %.300s: it was written on a machine of the other "
		                  "byte order; use maptrace on a machine of that kind",
		                  image->path);
	if (header->byte_order != TRACE_BYTE_ORDER)
		return trace_corrupt(image->error, image->path,
		                     offsetof(struct trace_header, byte_order),
		                     "its byte order is none");
	if (header->version != TRACE_VERSION)
		return trace_fail(image->error, TRACE_ERROR_VERSION,
		                  offsetof(struct trace_header, version),
		                  "cannot read %.300s: it was written by %s maptrace (format %u; "
		                  "this one reads %u); use that version's maptrace", image->path,
		                  header->version > TRACE_VERSION ? "a newer" : "an older",
		                  header->version, TRACE_VERSION);
	if (header->header_size != TRACE_HEADER_SIZE || header->chunk_size != TRACE_CHUNK_SIZE)
		return trace_corrupt(image->error, image->path,
		                     offsetof(struct trace_header, header_size),
		                     "its header says %u bytes of header and %u a chunk",
		                     header->header_size, header->chunk_size);
	return 0;
}

static int
check_header(struct trace_image *image)
{
	size_t prefix = offsetof(struct trace_header, pid);

	if (check_magic(image) != 0)
		return -1;
	memcpy(&image->header, image->bytes, image->size < sizeof(image->header) ?
	       image->size : sizeof(image->header));
	/* Version and byte order speak first, if they are there at all. */
	if (image->size >= prefix && check_version(image) != 0)
		return -1;
	if (image->size < TRACE_HEADER_SIZE)
		return trace_fail(image->error, TRACE_ERROR_TRUNCATED, image->size,
		                  "cannot read %.300s: it ends within its header, after %llu "
		                  "bytes; copy the trace again, or trace the program again",
		                  image->path, (unsigned long long)image->size);
	return 0;
}

static int
compare(const void *left, const void *right)
{
	const struct trace_image_chunk *a = left, *b = right;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->owner != b->owner)
		return a->owner < b->owner ? -1 : 1;
	if (a->sequence != b->sequence)
		return a->sequence < b->sequence ? -1 : 1;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

/* Adds the chunk at `offset`, unless it is free. */
static int
add_chunk(struct trace_image *image, uint64_t offset)
{
	struct trace_image_chunk *into = &image->chunks[image->chunk_count];
	struct trace_chunk chunk;

	memcpy(&chunk, image->bytes + offset, sizeof(chunk));
	if (chunk.kind == TRACE_CHUNK_FREE)
		return 0;
	if (chunk.kind >= TRACE_CHUNK_KINDS)
		return trace_corrupt(image->error, image->path, offset,
		                     "the chunk at byte %llu is of the unknown kind %u",
		                     (unsigned long long)offset, chunk.kind);
	if (chunk.used > trace_kind_per_chunk(chunk.kind))
		return trace_corrupt(image->error, image->path, offset,
		                     "the chunk at byte %llu holds %u records, more than fit",
		                     (unsigned long long)offset, chunk.used);
	*into = (struct trace_image_chunk){ chunk.kind, chunk.owner, chunk.sequence, chunk.used,
	                                    offset };
	image->chunk_count++;
	return 0;
}

static int
find_chunks(struct trace_image *image)
{
	uint64_t room = (image->size - TRACE_HEADER_SIZE) / TRACE_CHUNK_SIZE;

	image->chunks = calloc(room + 1, sizeof(*image->chunks));
	if (!image->chunks)
		return trace_fail_memory(image->error, image->path);
	for (uint64_t i = 0; i < room; i++)
		if (add_chunk(image, TRACE_HEADER_SIZE + i * TRACE_CHUNK_SIZE) != 0)
			return -1;
	qsort(image->chunks, image->chunk_count, sizeof(*image->chunks), compare);
	for (uint32_t i = 1; i < image->chunk_count; i++) {
		const struct trace_image_chunk *a = &image->chunks[i - 1], *b = a + 1;

		if (a->kind == b->kind && a->owner == b->owner && a->sequence == b->sequence)
			return trace_corrupt(image->error, image->path, b->offset,
			                     "the chunks at bytes %llu and %llu claim one place",
			                     (unsigned long long)a->offset,
			                     (unsigned long long)b->offset);
	}
	return 0;
}

int
trace_image_open(struct trace_image *image)
{
	return check_header(image) != 0 ? -1 : find_chunks(image);
}

void
trace_image_close(struct trace_image *image)
{
	free(image->chunks);
	image->chunks = NULL;
	image->chunk_count = 0;
}

/* The first chunk of a table, or where it would be. */
static uint32_t
first_chunk(const struct trace_image *image, uint32_t kind, uint32_t owner)
{
	struct trace_image_chunk wanted = { .kind = kind, .owner = owner };
	uint32_t low = 0, high = image->chunk_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (compare(&image->chunks[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The table's chunk number `sequence`, if it is there; `first` is where the table begins. */
static const struct trace_image_chunk *
chunk_of(const struct trace_image *image, uint32_t first, uint32_t kind, uint32_t owner,
         uint32_t sequence)
{
	const struct trace_image_chunk *chunk;

	if (sequence >= image->chunk_count - first)
		return NULL;
	chunk = &image->chunks[first + sequence];
	return chunk->kind == kind && chunk->owner == owner && chunk->sequence == sequence ? chunk :
	                                                                                    NULL;
}

uint64_t
trace_image_available(const struct trace_image *image, enum trace_chunk_kind kind, uint32_t owner)
{
	uint32_t first = first_chunk(image, kind, owner), per_chunk = trace_kind_per_chunk(kind);
	const struct trace_image_chunk *chunk;
	uint64_t available = 0;

	for (uint32_t i = 0; (chunk = chunk_of(image, first, kind, owner, i)) != NULL; i++) {
		available += chunk->used;
		if (chunk->used < per_chunk)
			break;
	}
	return available;
}

void *
trace_image_copy(const struct trace_image *image, enum trace_chunk_kind kind, uint32_t owner,
                 uint64_t count)
{
	size_t record = trace_record_size(kind);
	uint32_t per_chunk = trace_kind_per_chunk(kind);
	uint32_t first = first_chunk(image, kind, owner);
	uint8_t *copy = malloc(count * record + 1); /* no more than the file has */

	if (!copy) {
		trace_fail_memory(image->error, image->path);
		return NULL;
	}
	for (uint64_t done = 0; done < count; done += per_chunk) {
		uint64_t part = count - done < per_chunk ? count - done : per_chunk;

		memcpy(copy + done * record, image->bytes + TRACE_CHUNK_HEADER_SIZE +
		       image->chunks[first + done / per_chunk].offset, part * record);
	}
	copy[count * record] = '\0';
	return copy;
}
