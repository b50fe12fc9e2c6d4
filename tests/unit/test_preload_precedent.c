/* Stacks that end alike are decided alike, by as many frames as the decision hung on; no others. */
#include "preload/stacks/precedent.h"
#include "test_preload_counting.h"

enum { STACKS = 5000 };

/* A frame at this site under its caller's. */
static uint32_t
node_of(uint32_t site, uint32_t parent)
{
	struct trace_node *node = trace_table_next(&tracer.writer, &tracer.nodes);

	assert_non_null(node);
	*node = (struct trace_node){ .site = site, .parent = parent };
	return trace_table_publish(&tracer.writer, &tracer.nodes);
}

static const struct trace_decision buckets = { .role = TRACE_BUCKETS };
static const struct trace_decision values = { .role = TRACE_VALUES };

static void
assert_decided(uint32_t node, const struct trace_decision *wanted)
{
	const struct trace_decision *found = precedent_find(node);

	assert_non_null(found);
	assert_memory_equal(found, wanted, sizeof(*wanted));
}

static void
goes_by_the_innermost_frames_alone(void **unused)
{
	uint32_t outer = node_of(1, 0), other = node_of(2, outer);
	uint32_t first = node_of(9, node_of(8, outer)), second = node_of(9, node_of(8, other));

	precedent_forget();
	assert_null(precedent_find(first));
	precedent_keep(first, 2, &buckets);
	assert_decided(first, &buckets);
	assert_decided(second, &buckets);
	assert_null(precedent_find(node_of(9, other)));
	assert_null(precedent_find(node_of(9, 0)));
	assert_null(precedent_find(node_of(8, outer)));
	precedent_keep(node_of(9, other), 2, &values);
	assert_decided(node_of(9, node_of(2, 0)), &values);
	assert_decided(first, &buckets);
}

static void
tells_a_stack_that_ends_from_one_that_goes_on(void **unused)
{
	uint32_t whole = node_of(9, node_of(8, 0)), longer = node_of(9, node_of(8, node_of(7, 0)));

	precedent_forget();
	precedent_keep(whole, 3, &values);
	assert_decided(whole, &values);
	assert_null(precedent_find(longer));
	precedent_keep(longer, 3, &buckets);
	assert_decided(longer, &buckets);
	assert_decided(whole, &values);
}

static void
is_forgotten_when_somebody_else_has_a_say(void **unused)
{
	uint32_t node = node_of(5, node_of(4, 0));

	precedent_forget();
	precedent_keep(node, 1, &buckets);
	assert_decided(node, &buckets);
	precedent_forget();
	assert_null(precedent_find(node));
}

/* Far more than there is room for: some are forgotten, none is taken for another. */
static void
never_takes_one_for_another(void **unused)
{
	static uint32_t nodes[STACKS];
	struct trace_decision decision = { 0 };
	uint32_t found = 0;

	precedent_forget();
	for (uint32_t i = 0; i < STACKS; i++) {
		nodes[i] = node_of(1 + i % 7, node_of(100 + i % 50, node_of(1000 + i, 0)));
		decision.profile = i;
		precedent_keep(nodes[i], 3, &decision);
	}
	for (uint32_t i = 0; i < STACKS; i++) {
		const struct trace_decision *known = precedent_find(nodes[i]);

		if (known)
			assert_int_equal(known->profile, i);
		found += known != NULL;
	}
	assert_in_range(found, 50, STACKS - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_by_the_innermost_frames_alone),
		cmocka_unit_test(tells_a_stack_that_ends_from_one_that_goes_on),
		cmocka_unit_test(is_forgotten_when_somebody_else_has_a_say),
		cmocka_unit_test(never_takes_one_for_another),
	};

	return cmocka_run_group_tests(tests, counting_setup, guest_teardown);
}
