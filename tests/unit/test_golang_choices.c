/* Lists of the types that a map can be of: maps with the same list share it, so that a million maps
 * take no more room for it than one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golang/state.h"

enum { TYPES = 9 };

static int
setup(void **given)
{
	static struct golang_state state;
	state = (struct golang_state){.types.maps.count = TYPES};
	*given = &state;
	return golang_choices_open(&state);
}

static int
teardown(void **given)
{
	struct golang_state *state = *given;
	array_release(&state->choices);
	array_unmap(state->choice_index);
	return 0;
}

/* A map that can be of `count` types from `first` on. */
static struct golang_found
add_map(struct golang_state *state, uint32_t first, uint32_t count)
{
	struct golang_found found = {0};
	size_t start = state->choices.count;
	uint32_t *list = array_add(&state->choices, sizeof *list, count);
	assert_non_null(list);
	for (uint32_t i = 0; i < count; i++)
		list[i] = first + i;
	assert_int_equal(golang_choices_end(state, &found, start), 0);
	assert_int_equal(found.choices, count);
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(((uint32_t *)state->choices.at)[found.first_choice + i],
		                 first + i);
	return found;
}

static void
maps_with_the_same_list_share_it(void **given)
{
	struct golang_state *state = *given;
	struct golang_found first = add_map(state, 2, 4), other = add_map(state, 1, 4);
	size_t before = state->choices.count;
	for (size_t i = 0; i < 1000; i++) {
		assert_int_equal(add_map(state, 2, 4).first_choice, first.first_choice);
		assert_int_equal(add_map(state, 1, 4).first_choice, other.first_choice);
	}
	assert_int_not_equal(first.first_choice, other.first_choice);
	assert_int_equal(state->choices.count, before);
}

static void
a_map_of_one_type_needs_no_list(void **given)
{
	struct golang_state *state = *given;
	size_t before = state->choices.count;
	for (uint32_t type = 0; type < TYPES; type++)
		assert_int_equal(add_map(state, type, 1).first_choice, type);
	assert_int_equal(state->choices.count, before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(maps_with_the_same_list_share_it, setup, teardown),
		cmocka_unit_test_setup_teardown(a_map_of_one_type_needs_no_list, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
