/*
 * Feeds any bytes to the reader of traces and follows every index of what opens.
 *
 *     clang -std=gnu11 -g -O1 -I. -D_GNU_SOURCE -fsanitize=fuzzer,address,undefined \
 *         tests/fuzz/fuzz_trace.c trace/[a-z]*.c -o fuzz_trace
 *     ./fuzz_trace -max_len=400000 CORPUS
 *
 * A trace of a small program is the best seed. Chunks lie 64 KiB apart, which a fuzzer does not
 * reach by itself: the input is therefore unpacked, its first bytes into the header, the others in
 * pieces of PIECE bytes into the starts of chunks; inputs of a whole trace are taken as they are.
 */
#include "trace/reader.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE = 1024, CHUNKS_MAX = 16 };

static void
follow_stack(const struct trace *trace, uint32_t index)
{
	uint32_t node;

	if (index == TRACE_NONE)
		return;
	fuzz_demand(index < trace->stack_count);
	for (node = trace->stacks[index].node; node != 0; node = trace->nodes[node].parent) {
		fuzz_demand(node < trace->node_count && trace->nodes[node].parent < node);
		fuzz_demand(trace->nodes[node].module == TRACE_NONE ||
		       trace->nodes[node].module < trace->module_count);
	}
}

static void
follow_rows(const struct trace *trace, const struct trace_snapshot_rows *rows)
{
	fuzz_demand(strnlen(rows->info.label, TRACE_NAME_MAX) < TRACE_NAME_MAX);
	for (uint32_t i = 0; i < rows->live_count; i++)
		follow_stack(trace, rows->live[i].stack);
	for (uint32_t i = 0; i < rows->claims_count; i++) {
		follow_stack(trace, rows->claims[i].stack);
		fuzz_demand(rows->claims[i].role < TRACE_ROLES);
	}
	for (uint32_t i = 0; i < rows->maps_count; i++) {
		follow_stack(trace, rows->maps[i].stack);
		follow_stack(trace, rows->maps[i].where_stack);
		fuzz_demand(rows->maps[i].profile == TRACE_NONE ||
		       rows->maps[i].profile < trace->profile_count);
	}
}

static void
follow(const struct trace *trace)
{
	fuzz_demand(strnlen(trace->header.notice, TRACE_TEXT_MAX) < TRACE_TEXT_MAX);
	for (uint32_t i = 0; i < trace->stack_count; i++) {
		follow_stack(trace, i);
		fuzz_demand(trace->stacks[i].split_share <= trace->stacks[i].split_whole);
		fuzz_demand(trace->stacks[i].split_whole > 0);
	}
	for (uint32_t i = 0; i < trace->profile_count; i++) {
		const struct trace_profile *profile = &trace->profiles[i];

		fuzz_demand(profile->text_offset + profile->text_size <= trace->text_size);
	}
	for (uint32_t i = 0; i < trace->snapshot_count; i++)
		follow_rows(trace, &trace->snapshots[i]);
}

static void
open_and_follow(const uint8_t *bytes, size_t size)
{
	struct trace_error error;
	struct trace *trace = trace_open_bytes(bytes, size, "input", &error);

	if (trace)
		follow(trace);
	else
		fuzz_demand(error.kind != TRACE_ERROR_NONE && error.message[0] != '\0');
	trace_close(trace);
}

/* Lays the input out as a trace: 64 bytes over the counts of a sound header, then the chunks. */
static void
open_unpacked(const uint8_t *bytes, size_t size)
{
	const size_t counts = offsetof(struct trace_header, chunks);
	struct trace_header *header;
	size_t room, head = size < 64 ? size : 64;
	uint8_t *image;

	room = (size - head + PIECE - 1) / PIECE;
	room = TRACE_HEADER_SIZE + (room < CHUNKS_MAX ? room : CHUNKS_MAX) * TRACE_CHUNK_SIZE;
	image = calloc(room, 1);
	if (!image)
		return;
	header = (struct trace_header *)image;
	memcpy(header->magic, TRACE_MAGIC, sizeof(header->magic));
	header->version = TRACE_VERSION;
	header->byte_order = TRACE_BYTE_ORDER;
	header->header_size = TRACE_HEADER_SIZE;
	header->chunk_size = TRACE_CHUNK_SIZE;
	memcpy(image + counts, bytes, head);
	bytes += head;
	size -= head;
	for (size_t at = TRACE_HEADER_SIZE; at < room; at += TRACE_CHUNK_SIZE) {
		size_t piece = size < PIECE ? size : PIECE;

		memcpy(image + at, bytes, piece);
		bytes += piece;
		size -= piece;
	}
	open_and_follow(image, room);
	free(image);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	open_and_follow(bytes, size);
	open_unpacked(bytes, size);
	return 0;
}
