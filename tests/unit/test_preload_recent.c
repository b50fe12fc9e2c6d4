/* A thread's recent stacks: a hit means equal in every frame, and not from before code moved. */
#include "preload/intern.h"
#include "preload/recent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { DEPTH = 30 };

static struct thread thread;

static void
set_frames(uint64_t changed, uint64_t value)
{
	for (uint64_t i = 0; i < RECENT_DEPTH + 1; i++)
		thread.pcs[i] = 0x4000 + i * 16;
	thread.pcs[changed] = value;
}

static int
begin(void **unused)
{
	memset(&thread, 0, sizeof(thread));
	set_frames(0, 1);
	recent_keep(&thread, DEPTH, false, 7);
	return 0;
}

static void
finds_what_it_kept(void **unused)
{
	assert_int_equal(recent_find(&thread, DEPTH, false), 7);
}

static void
tells_apart_what_differs_in_any_frame(void **unused)
{
	for (uint64_t i = 1; i < DEPTH; i++) {
		set_frames(i, 2);
		thread.pcs[0] = 1;
		assert_int_equal(recent_find(&thread, DEPTH, false), 0);
	}
	set_frames(0, 1);
	assert_int_equal(recent_find(&thread, DEPTH - 1, false), 0);
	assert_int_equal(recent_find(&thread, DEPTH + 1, false), 0);
	assert_int_equal(recent_find(&thread, DEPTH, true), 0);
	assert_int_equal(recent_find(&thread, DEPTH, false), 7);
}

static void
forgets_when_code_may_have_moved(void **unused)
{
	intern_forget();
	assert_int_equal(recent_find(&thread, DEPTH, false), 0);
	recent_keep(&thread, DEPTH, false, 8);
	assert_int_equal(recent_find(&thread, DEPTH, false), 8);
}

static void
leaves_deeper_stacks_alone(void **unused)
{
	recent_keep(&thread, RECENT_DEPTH + 1, false, 9);
	assert_int_equal(recent_find(&thread, RECENT_DEPTH + 1, false), 0);
	recent_keep(&thread, RECENT_DEPTH, false, 9);
	assert_int_equal(recent_find(&thread, RECENT_DEPTH, false), 9);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(finds_what_it_kept, begin),
		cmocka_unit_test_setup(tells_apart_what_differs_in_any_frame, begin),
		cmocka_unit_test_setup(forgets_when_code_may_have_moved, begin),
		cmocka_unit_test_setup(leaves_deeper_stacks_alone, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
