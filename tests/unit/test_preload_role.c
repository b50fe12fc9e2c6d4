/*
 * Roles by stack: from return addresses of this very program, through its symbols, to what the
 * profiles' rules say.
 */
#include "preload/stacks/intern.h"
#include "preload/stacks/module.h"
#include "preload/stacks/role.h"
#include "test_preload_counting.h"

#define FUNCTION(name) \
	__attribute__((noinline)) int name(int x); \
	int name(int x) { __asm__ volatile("nop\nnop" : "+r"(x)); return x; }

FUNCTION(role_map_rehash)
FUNCTION(role_map_insert)
FUNCTION(role_wrapper)
FUNCTION(role_caller)

static const char first[] =
	"profile asleep\ntitle \"t\"\nwake symbol \"no_such_symbol\"\n"
	"role values frames \"role_map_rehash\"\n";
static const char second[] =
	"profile rolemap\ntitle \"t\"\nwake symbol \"role_map_*\"\n"
	"wrapper \"role_wrapper\"\n"
	"role buckets frames \"role_map_rehash\" \"role_map_insert\" size size >= 4096 "
	"split 16/17 overflow\n"
	"role header frames \"role_map_rehash\" reserved\n"
	"role overflow frames \"role_map_insert\" transient\n";
static const char third[] =
	"profile late\ntitle \"t\"\nwake always\n"
	"role buckets frames \"role_map_insert\"\n"
	"role values frames \"role_caller\"\n";

static int
begin(void **unused)
{
	counting_begin();
	guest_add_profile(first);
	guest_add_profile(second);
	guest_add_profile(third);
	module_scan();
	return 0;
}

/* The decision for a stack of these functions, innermost first. */
static struct trace_decision
decide(int (*const *functions)(int), size_t count, uint64_t size, bool *depends)
{
	struct trace_decision stack = { 0 };
	uint32_t sites[64];

	for (size_t i = 0; i < count; i++) {
		uint64_t pc = (uintptr_t)functions[i] + 1; /* after the call's first byte */

		sites[i] = intern_site(pc, (uint16_t)module_of(pc));
	}
	role_decide(sites, count, size, &stack, depends);
	return stack;
}

static void
matches_frames_over_wrappers(void **unused)
{
	int (*const frames[])(int) = { role_wrapper, role_map_rehash, role_map_insert,
		                       role_caller };
	bool depends;
	struct trace_decision stack = decide(frames, 4, 8192, &depends);

	assert_int_equal(stack.profile, 1);
	assert_int_equal(stack.role, TRACE_BUCKETS);
	assert_int_equal(stack.split_role, TRACE_OVERFLOW);
	assert_int_equal(stack.split_share, 16);
	assert_int_equal(stack.split_whole, 17);
	assert_true(depends);
}

static void
tells_sizes_apart(void **unused)
{
	int (*const frames[])(int) = { role_map_rehash, role_map_insert };
	bool depends;
	struct trace_decision stack = decide(frames, 2, 100, &depends);

	assert_int_equal(stack.role, TRACE_HEADER);
	assert_int_equal(stack.flags, TRACE_STACK_RESERVED);
	assert_true(depends);
}

static void
lets_the_earlier_profile_decide(void **unused)
{
	int (*const frames[])(int) = { role_map_insert };
	bool depends;
	struct trace_decision stack = decide(frames, 1, 64, &depends);

	assert_int_equal(stack.profile, 1);
	assert_int_equal(stack.role, TRACE_OVERFLOW);
	assert_int_equal(stack.flags, TRACE_STACK_TRANSIENT);
}

static void
asks_the_next_profile_where_none_matched(void **unused)
{
	int (*const frames[])(int) = { role_caller };
	bool depends;
	struct trace_decision stack = decide(frames, 1, 64, &depends);

	assert_int_equal(stack.profile, 2);
	assert_int_equal(stack.role, TRACE_VALUES);
}

static void
gives_other_to_stacks_of_no_map(void **unused)
{
	int (*const frames[])(int) = { role_wrapper };
	uint32_t site = intern_site(1, TRACE_SITE_NO_MODULE);
	bool depends;
	struct trace_decision stack = decide(frames, 1, 64, &depends), empty = { 0 };

	assert_int_equal(stack.profile, TRACE_NONE);
	assert_int_equal(stack.role, TRACE_OTHER);
	assert_int_equal(stack.split_share, 1);
	assert_int_equal(stack.split_whole, 1);
	assert_false(depends);
	role_decide(&site, 1, 64, &empty, &depends);
	assert_int_equal(empty.role, TRACE_OTHER);
	role_decide(&site, 0, 64, &empty, &depends);
	assert_int_equal(empty.role, TRACE_OTHER);
}

static void
survives_stacks_of_any_depth(void **unused)
{
	int (*frames[64])(int);
	bool depends;

	for (int i = 0; i < 64; i++)
		frames[i] = i < 40 ? role_wrapper : role_map_insert;
	assert_int_equal(decide(frames, 64, 64, &depends).role, TRACE_OTHER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_frames_over_wrappers),
		cmocka_unit_test(tells_sizes_apart),
		cmocka_unit_test(lets_the_earlier_profile_decide),
		cmocka_unit_test(asks_the_next_profile_where_none_matched),
		cmocka_unit_test(gives_other_to_stacks_of_no_map),
		cmocka_unit_test(survives_stacks_of_any_depth),
	};

	return cmocka_run_group_tests_name("role", tests, begin, guest_teardown);
}
