/* Every node is found by its path, parent and site, and no other, through all growths; by readers
 * beside the one that adds, too. */
#include "preload/stacks/intern.h"
#include "preload/stacks/nodes.h"
#include "test_preload_counting.h"

#include <pthread.h>

enum { NODES = 50000, NEAR = 7 };

static uint32_t paths[NODES + 1]; /* by node; that of the root is 0 */

/* No two nodes have the same parent and site. */
static uint32_t
parent_of(uint32_t node)
{
	return node / NEAR;
}

static uint32_t
site_of(uint32_t node)
{
	return node % NEAR + 1;
}

static void
list_paths(void)
{
	for (uint32_t node = 1; node <= NODES; node++)
		paths[node] = intern_path(paths[parent_of(node)], site_of(node));
}

static struct node_found
find(uint32_t node)
{
	return nodes_find(paths[node], parent_of(node), site_of(node));
}

/* The next node, which has this number. */
static void
add(uint32_t node)
{
	struct trace_node *made;

	assert_true(nodes_reserve());
	made = trace_table_next(&tracer.writer, &tracer.nodes);
	assert_non_null(made);
	made->parent = parent_of(node);
	made->site = site_of(node);
	assert_int_equal(trace_table_publish(&tracer.writer, &tracer.nodes), node);
	nodes_add(paths[node], node);
	if (node % 3)
		nodes_set_end(paths[node], node, node + 1);
}

static uint32_t added;

static void *
read_along(void *wrong)
{
	for (uint32_t now = 0; now < NODES;) {
		now = __atomic_load_n(&added, __ATOMIC_ACQUIRE);
		for (uint32_t i = now > 100 ? now - 100 : 1; i < now + 100 && i <= NODES; i++) {
			struct node_found found = find(i);

			/* an old table may read as empty, never as something else */
			*(bool *)wrong |= found.node && found.node != i;
			*(bool *)wrong |= found.end && found.end != i + 1;
		}
	}
	return NULL;
}

static void
gives_readers_the_right_node_or_none(void **unused)
{
	bool wrong[2] = { false, false };
	pthread_t readers[2];

	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, read_along, &wrong[i]), 0);
	for (uint32_t node = 1; node <= NODES; node++) {
		add(node);
		__atomic_store_n(&added, node, __ATOMIC_RELEASE);
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(readers[i], NULL);
		assert_false(wrong[i]);
	}
}

static void
finds_what_was_added_and_nothing_else(void **unused)
{
	for (uint32_t node = 1; node <= NODES; node++) {
		struct node_found found = find(node);

		assert_int_equal(found.node, node);
		assert_int_equal(found.end, node % 3 ? node + 1 : 0);
		assert_int_equal(nodes_find(paths[node], NODES + 1, site_of(node)).node, 0);
		assert_int_equal(nodes_find(paths[node], parent_of(node), NODES).node, 0);
		assert_int_equal(nodes_find(~paths[node], parent_of(node), site_of(node)).node, 0);
	}
}

/* A line that is full leads on to others, where a guess does not look. */
static void
guesses_by_path_and_site(void **unused)
{
	uint32_t guessed = 0;

	for (uint32_t node = 1; node <= NODES; node++) {
		struct node_found found = nodes_guess(paths[node], site_of(node));

		assert_true(!found.node || site_of(found.node) == site_of(node));
		guessed += found.node == node;
		assert_int_equal(nodes_guess(paths[node], NODES).node, 0);
	}
	assert_in_range(guessed, NODES / 4 * 3, NODES);
}

static int
begin(void **unused)
{
	counting_begin();
	list_paths();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_readers_the_right_node_or_none),
		cmocka_unit_test(finds_what_was_added_and_nothing_else),
		cmocka_unit_test(guesses_by_path_and_site),
	};

	return cmocka_run_group_tests(tests, begin, guest_teardown);
}
