/*
 * Which of the types that share its shape a map is of. What cannot be told apart stays as a set of
 * candidates, all of which are named; nothing is guessed.
 */
#include "golang/state.h"

#include <string.h>

enum { NAME_MAX_BYTES = 256 };

/* Types that the compiler made for generic code: each stands for a real one beside it. */
static bool
is_stand_in(const struct golang_state *state, const struct golang_found *found, uint32_t i)
{
	char name[NAME_MAX_BYTES];
	if (golang_tick(state->image.deadline))
		return false;
	golang_type_name(&state->types, &golang_choice(state, found, i)->type, name, sizeof name);
	return strstr(name, "go.shape.") != NULL;
}

/* Keeps those that `keeps` says, unless that would leave none, or there is no room. */
static int
narrow(struct golang_state *state, struct golang_found *found,
       bool (*keeps)(const struct golang_state *, const struct golang_found *, uint32_t))
{
	size_t start = state->choices.count;
	for (uint32_t i = 0; i < found->choices; i++) {
		if (!keeps(state, found, i))
			continue;
		uint32_t *kept = array_add(&state->choices, sizeof *kept, 1);
		if (!kept)
			return -1;
		*kept = ((const uint32_t *)state->choices.at)[found->first_choice + i];
	}
	size_t kept = state->choices.count - start;
	if (kept && kept < found->choices)
		golang_choices_end(state, found, start);
	else
		state->choices.count = start;
	return 0;
}

static bool
is_real(const struct golang_state *state, const struct golang_found *found, uint32_t i)
{
	return !is_stand_in(state, found, i);
}

static bool
can_hold(const struct golang_state *state, const struct golang_found *found, uint32_t i)
{
	return golang_fits(state, found, golang_choice(state, found, i));
}

int
golang_typing_narrow(struct golang_state *state)
{
	struct golang_found *found = state->found.at;
	for (size_t i = 0; i < state->found.count && !golang_tick(&state->deadline); i++)
		if (narrow(state, &found[i], is_real) != 0 ||
		    (found[i].choices > 1 && narrow(state, &found[i], can_hold) != 0))
			return -1;
	return 0;
}
