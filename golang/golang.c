/* One golang_find: the steps in their order, and what they share. See golang.h. */
#include "golang/golang.h"

#include "golang/state.h"

#include <string.h>

static void
count_blocks(struct golang_state *state)
{
	const struct golang_span *spans = state->heap.spans.at;
	struct golang_totals *totals = &state->totals;
	for (size_t i = 0; i < state->heap.spans.count; i++) {
		uint64_t used = 0;
		for (uint64_t k = 0; k < spans[i].objects; k++)
			used += golang_is_allocated(&state->heap, &spans[i], k);
		if (spans[i].objects == 0)
			continue;
		totals->spans++;
		totals->span_bytes += spans[i].end - spans[i].start;
		totals->objects += used;
		totals->object_bytes += used * spans[i].object_size;
	}
	totals->map_types = state->types.maps.count;
}

static int
run_steps(struct golang_state *state)
{
	if (golang_stacks_find(state) != 0 || golang_maps_find(state) != 0)
		return -1;
	golang_deadline_next(&state->deadline, GOLANG_TYPE);
	if (golang_marks_open(state) != 0 || golang_typing_narrow(state) != 0 ||
	    golang_typing_spread(state) != 0)
		return -1;
	golang_deadline_next(&state->deadline, GOLANG_CLAIM);
	if (golang_claims_make(state) != 0)
		return -1;
	golang_deadline_next(&state->deadline, GOLANG_REACH);
	golang_reach_mark(state);
	if (golang_values_claim(state) != 0)
		return -1;
	count_blocks(state);
	golang_deadline_next(&state->deadline, GOLANG_TELL);
	return golang_rows_make(state);
}

static enum golang_outcome
find(struct golang_state *state, const char **reason)
{
	golang_deadline_start(&state->deadline, state->input);
	enum golang_outcome outcome = golang_image_open(&state->image, &state->deadline, reason);
	if (outcome == GOLANG_FOUND &&
	    golang_heap_open(&state->heap, &state->image, reason) != 0)
		outcome = *reason ? GOLANG_REFUSED : GOLANG_FAILED;
	if (state->deadline.is_over && outcome != GOLANG_FAILED) {
		*reason = "time was up before its heap was found";
		return GOLANG_REFUSED;
	}
	if (outcome != GOLANG_FOUND)
		return outcome;
	if (golang_types_open(&state->types, &state->image) != 0)
		return GOLANG_FAILED;
	if (!array_add(&state->texts, 1, 1) || run_steps(state) != 0)
		return GOLANG_FAILED;
	return GOLANG_FOUND;
}

/* Why the result is not all that there is; NULL: it is. */
static const char *
why_cut(const struct golang_state *state)
{
	if (state->deadline.was_cut)
		return "time was up before all of the heap was looked at";
	if (state->image.has_plugins)
		return "it has loaded a plugin, whose maps are not looked for";
	if (state->heap.has_odd_spans)
		return "some of its heap's spans make no sense, and what lies in them was not "
		       "looked at";
	if (state->types.is_cut)
		return "it has more than 65,536 map types, and maps of the others were not looked "
		       "for";
	if (state->totals.goroutines == 0)
		return "its list of goroutines was not found, so that nobody can tell what holds "
		       "a map";
	if (state->is_room_cut)
		return "there was no room for all types and places of its maps";
	return NULL;
}

static void
give(struct golang_state *state, struct golang_result *result, enum golang_outcome outcome)
{
	memcpy(result->version, state->image.version, sizeof result->version);
	result->layout = state->image.release && state->image.release->is_swiss ? GOLANG_SWISS
	                                                                        : GOLANG_CLASSIC;
	result->maps = state->rows.at;
	result->map_count = state->rows.count;
	result->claims = state->claims.at;
	result->claim_count = state->claims.count;
	result->refused = state->refused.at;
	result->refused_count = state->refused.count;
	result->texts = state->texts.at;
	result->text_bytes = state->texts.count;
	result->totals = state->totals;
	result->has_plugins = state->image.has_plugins;
	if (outcome != GOLANG_FOUND)
		return;
	result->reason = why_cut(state);
	result->is_complete = !result->reason;
}

enum golang_outcome
golang_find(const struct golang_input *input, struct golang_result *result)
{
	struct golang_state state = {.input = input, .memory = input->memory};
	memset(result, 0, sizeof *result);
	enum golang_outcome outcome = find(&state, &result->reason);
	give(&state, result, outcome);
	golang_marks_close(&state);
	golang_types_close(&state.types);
	golang_heap_close(&state.heap);
	array_release(&state.found);
	array_release(&state.choices);
	array_release(&state.stacks);
	array_release(&state.scratch);
	array_unmap(state.choice_index);
	array_unmap(state.text_index);
	return outcome;
}

void
golang_release(struct golang_result *result)
{
	struct array arrays[] = {
		{.at = result->maps}, {.at = result->claims}, {.at = result->refused},
		{.at = (void *)result->texts},
	};
	for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
		array_release(&arrays[i]);
	memset(result, 0, sizeof *result);
}
