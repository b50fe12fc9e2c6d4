/*
 * Marks what the program can still reach: from its data, the goroutines' stacks and the threads'
 * registers, as the collector does, but taking each word that could be a pointer for one. Each
 * block is queued once, so the queue needs no more room than there are blocks.
 *
 * Blocks of maps wait until all else is marked. What is reached only then, and only from a map's
 * cell, nothing else holds: giving up the entry gives it back.
 *
 *     roots --> blocks ... --> blocks        marked as reached otherwise
 *                     \--> blocks of maps    wait, then --> values    marked as reached
 */
#include "golang/state.h"
#include "golang/word.h"

#include <errno.h>
#include <string.h>

enum {
	PIECE = 1 << 16,    /* bytes looked at through one view */
	BATCH = 256,        /* words that may be pointers, gathered before they are followed */
};

struct batch {
	uint64_t words[BATCH], addresses[BATCH];
	size_t count;
};

int
golang_marks_open(struct golang_state *state)
{
	struct golang_marks *marks = &state->marks;
	uint64_t count = state->heap.block_count + 1;
	if (count > SIZE_MAX / 64) {
		errno = ENOMEM;
		return -1;
	}
	marks->reached = array_map(count / 8 + 8);
	marks->other = array_map(count / 8 + 8);
	marks->owner = array_map(count * sizeof *marks->owner);
	marks->counted = array_map(count * sizeof *marks->counted);
	marks->parents = array_map(count * sizeof *marks->parents);
	marks->queue = array_map(count * sizeof *marks->queue);
	marks->waiting = array_map(count * sizeof *marks->waiting);
	return marks->reached && marks->other && marks->owner && marks->counted &&
	               marks->parents && marks->queue && marks->waiting
	           ? 0
	           : -1;
}

void
golang_marks_close(struct golang_state *state)
{
	struct golang_marks *marks = &state->marks;
	array_unmap(marks->reached);
	array_unmap(marks->other);
	array_unmap(marks->owner);
	array_unmap(marks->counted);
	array_unmap(marks->parents);
	array_unmap(marks->queue);
	array_unmap(marks->waiting);
	memset(marks, 0, sizeof *marks);
}

/* The word at `from` (0: a register) holds `value`. */
static void
follow(struct golang_state *state, uint64_t value, uint64_t from, bool is_cell)
{
	struct golang_marks *marks = &state->marks;
	struct golang_block block;
	if (!golang_block_of(&state->heap, value, &block))
		return;
	if (!is_cell)
		golang_bit_set(marks->other, block.number);
	if (golang_bit(marks->reached, block.number))
		return;
	golang_bit_set(marks->reached, block.number);
	marks->parents[block.number] = from;
	state->totals.reachable_objects++;
	state->totals.reachable_bytes += block.span->object_size;
	if (!golang_span_has_pointers(block.span))
		return;
	if (marks->owner[block.number])
		marks->waiting[marks->waiting_count++] = block.base;
	else
		marks->queue[marks->queued++] = block.base;
}

static void
follow_batch(struct golang_state *state, struct batch *batch, bool is_cell)
{
	for (size_t i = 0; i < batch->count; i++)
		follow(state, batch->words[i], batch->addresses[i], is_cell);
	batch->count = 0;
}

/* A view lasts until the next, so words are gathered first and followed then. */
static uint64_t
gather(struct golang_state *state, uint64_t at, uint64_t end, struct batch *batch)
{
	uint64_t size = end - at < PIECE ? end - at : PIECE;
	const void *bytes = state->memory->view(state->memory, at, size);
	uint64_t low = state->heap.low, span = state->heap.high - low;
	if (!bytes)
		return size;
	for (uint64_t i = 0; i < size; i += 8) {
		uint64_t word = word_of(bytes, i, 8);
		if (word - low >= span)
			continue;
		batch->words[batch->count] = word;
		batch->addresses[batch->count] = at + i;
		if (++batch->count == BATCH)
			return i + 8;
	}
	return size;
}

static void
scan(struct golang_state *state, uint64_t start, uint64_t end, bool is_cell)
{
	struct batch batch;
	batch.count = 0;
	end &= ~7ull;
	for (uint64_t at = (start + 7) & ~7ull; at < end && !golang_tick(&state->deadline);) {
		if (end - at >= PIECE && memory_is_blank(state->memory, at, PIECE)) {
			at += PIECE;
			continue;
		}
		at += gather(state, at, end, &batch);
		follow_batch(state, &batch, is_cell);
	}
}

/* Scans the blocks of a row from `*done` on, those that this adds too. False when time is up. */
static bool
drain(struct golang_state *state, const uint64_t *row, const uint64_t *count, uint64_t *done,
      bool is_cell)
{
	for (; *done < *count; ++*done) {
		const struct golang_span *span = golang_span_of(&state->heap, row[*done]);
		scan(state, row[*done], row[*done] + span->object_size, is_cell);
		if (state->deadline.is_over)
			return false;
	}
	return true;
}

static void
scan_roots(struct golang_state *state)
{
	const struct golang_image *image = &state->image;
	const struct golang_stack *stacks = state->stacks.at;
	scan(state, image->data, image->data_end, false);
	scan(state, image->bss, image->bss_end, false);
	for (size_t i = 0; i < state->stacks.count; i++)
		scan(state, stacks[i].low, stacks[i].high, false);
	for (size_t i = 0; i < state->input->thread_count; i++)
		for (size_t k = 0; k < GOLANG_REGISTERS; k++)
			follow(state, state->input->threads[i].registers[k], 0, false);
}

void
golang_reach_mark(struct golang_state *state)
{
	struct golang_marks *marks = &state->marks;
	uint64_t done = 0, done_waiting = 0;
	bool is_in_time;
	scan_roots(state);
	is_in_time = drain(state, marks->queue, &marks->queued, &done, false);
	while (is_in_time && (done < marks->queued || done_waiting < marks->waiting_count))
		is_in_time = drain(state, marks->waiting, &marks->waiting_count, &done_waiting,
		                   true) &&
		             drain(state, marks->queue, &marks->queued, &done, false);
	marks->is_whole = is_in_time && !state->deadline.is_over && state->totals.goroutines;
	if (!marks->is_whole || state->totals.running)
		state->totals.reachable_objects = state->totals.reachable_bytes = TRACE_UNKNOWN;
}
