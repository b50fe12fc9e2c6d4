/*
 * A sound trace of every kind of record, with what an input changes in it. Traces are too large to
 * be kept as inputs and too deep to be guessed, and a kept one would be of an older version soon:
 * this is written anew by trace/ itself, once in a process.
 *
 *     input    records of 11 bytes: part (0 the header, n chunk n - 1) | where in it, in units of 4
 *              bytes from its first changeable one, going round | 8 bytes that stand there then
 */
#ifndef FUZZ_SPOILED_TRACE_H
#define FUZZ_SPOILED_TRACE_H

#include "tests/unit/test_trace_sample.h"

enum { SPOILED_RECORD = 11, SPOILED_NODES = 20, SPOILED_ROWS = 3, SPOILED_BEYOND = 64 };

/* The sound trace: the first call writes it. */
static const struct bytes *
spoiled_base(void)
{
	static struct bytes base;

	if (base.at)
		return &base;
	if (sample_folder_make(NULL))
		abort();
	base = sample_bytes(SPOILED_NODES, SPOILED_ROWS);
	if (sample_folder_remove(NULL))
		abort();
	return &base;
}

/* The bytes that are read of the sound trace's chunk number `index`, and some behind them for who
 * says that there are more. */
static size_t
spoiled_reach(size_t index)
{
	const struct trace_chunk *chunk = (const struct trace_chunk *)(const void *)(
	    spoiled_base()->at + TRACE_HEADER_SIZE + index * TRACE_CHUNK_SIZE);
	size_t used = chunk->used * trace_record_size(chunk->kind);
	size_t reach = TRACE_CHUNK_HEADER_SIZE + used + SPOILED_BEYOND;

	return reach < TRACE_CHUNK_SIZE - 8 ? reach : TRACE_CHUNK_SIZE - 8;
}

static void
spoiled_change(struct bytes image, const uint8_t *record)
{
	/* Magic, version and sizes lie before it. */
	const size_t fixed = offsetof(struct trace_header, chunks);
	size_t chunks = (image.size - TRACE_HEADER_SIZE) / TRACE_CHUNK_SIZE;
	size_t part = record[0] % (chunks + 1), at = (size_t)(record[1] | record[2] << 8) * 4;

	if (part == 0)
		at = fixed + at % (sizeof(struct trace_header) - fixed - 8);
	else
		at = TRACE_HEADER_SIZE + (part - 1) * TRACE_CHUNK_SIZE +
		     at % spoiled_reach(part - 1);
	memcpy(image.at + at, record + 3, 8);
}

/* The trace as the input spoils it. Release .at with free. */
static struct bytes
spoiled_trace(const uint8_t *input, size_t size)
{
	const struct bytes *base = spoiled_base();
	struct bytes image = { malloc(base->size), base->size };

	if (!image.at)
		abort();
	memcpy(image.at, base->at, base->size);
	for (size_t at = 0; at + SPOILED_RECORD <= size; at += SPOILED_RECORD)
		spoiled_change(image, input + at);
	return image;
}

#endif
