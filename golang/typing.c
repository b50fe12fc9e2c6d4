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

/* Keeps those that `keeps` says, unless that would leave none. */
static void
narrow(struct golang_state *state, struct golang_found *found,
       bool (*keeps)(const struct golang_state *, const struct golang_found *, uint32_t))
{
	uint32_t *choices = (uint32_t *)state->choices.at + found->first_choice;
	uint32_t kept = 0;
	for (uint32_t i = 0; i < found->choices; i++)
		if (keeps(state, found, i)) {
			uint32_t choice = choices[kept];
			choices[kept] = choices[i];
			choices[i] = choice;
			kept++;
		}
	if (kept)
		found->choices = kept;
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
	for (size_t i = 0; i < state->found.count && !golang_tick(&state->deadline); i++) {
		narrow(state, &found[i], is_real);
		if (found[i].choices > 1)
			narrow(state, &found[i], can_hold);
	}
	return 0;
}
