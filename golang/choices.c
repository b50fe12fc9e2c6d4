/*
 * The types that each map can be of. A program has hundreds of a shape and millions of maps, so a
 * list is kept once, as far as an index with one place for each hash shows, and maps share it.
 *
 *     choices   | 0 1 2 ... one for each type | list | list | ...     a list of one is in the first
 *
 * What must never break: nobody changes a list that stands.
 */
#include "golang/state.h"

#include <string.h>

enum {
	INDEX_SIZE = 1 << 14,
	CHOICES_MAX = 1 << 26,
};

struct golang_choice_list { uint32_t first, count; };

int
golang_choices_open(struct golang_state *state)
{
	size_t count = state->types.maps.count;
	uint32_t *choices = array_add(&state->choices, sizeof *choices, count + 1);
	state->choice_index = array_map(INDEX_SIZE * sizeof *state->choice_index);
	if (!choices || !state->choice_index)
		return -1;
	for (size_t i = 0; i < count; i++)
		choices[i] = (uint32_t)i;
	return 0;
}

void
golang_choices_one(struct golang_found *found, uint32_t type)
{
	found->first_choice = type;
	found->choices = 1;
}

static uint32_t
hash_list(const uint32_t *list, size_t count)
{
	uint32_t hash = 2166136261u;
	for (size_t i = 0; i < count; i++)
		hash = (hash ^ list[i]) * 16777619u;
	return hash;
}

int
golang_choices_end(struct golang_state *state, struct golang_found *found, size_t start)
{
	const uint32_t *all = state->choices.at, *list = all + start;
	uint32_t count = (uint32_t)(state->choices.count - start);
	struct golang_choice_list *known =
	    &state->choice_index[hash_list(list, count) % INDEX_SIZE];
	state->choices.count = start;
	if (count == 1) {
		golang_choices_one(found, list[0]);
		return 0;
	}
	if (known->count != count || memcmp(all + known->first, list, count * sizeof *list)) {
		if (start + count > CHOICES_MAX) {
			state->is_room_cut = true;
			return -1;
		}
		*known = (struct golang_choice_list){(uint32_t)start, count};
		state->choices.count = start + count;
	}
	found->first_choice = known->first;
	found->choices = count;
	return 0;
}
