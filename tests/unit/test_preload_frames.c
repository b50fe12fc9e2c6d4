/* What is taken over from the last stack, and what a memo vouches for, is what a whole walk finds:
 * against libgcc's unwinder, on this program's own stack. */
#include "preload/process/settings.h"
#include "preload/process/tracer.h"
#include "preload/unwind/memo.h"
#include "test_preload_counting.h"
#include "tests/unit/test_instrument.h"

#include <pthread.h>
#include <unwind.h>

enum { WALKS = 4000, PATHS = 3, DEPTH_MOST = 40 };

static struct frames frames;
static struct memo memo;
static struct bounds bounds;
static struct capture last;
static uint32_t memo_hits;

struct list {
	uint64_t pcs[FRAMES_MAX];
	size_t count;
};

static _Unwind_Reason_Code
visit(struct _Unwind_Context *context, void *into)
{
	struct list *list = into;

	if (_Unwind_GetIP(context) && list->count < FRAMES_MAX)
		list->pcs[list->count++] = _Unwind_GetIP(context);
	return _URC_NO_REASON;
}

static void
expect_frames(uint32_t node, const struct list *list, size_t from, size_t count)
{
	for (size_t i = from; i < from + count; i++) {
		assert_int_equal(tracer_site(tracer_node(node)->site)->pc, list->pcs[i]);
		node = tracer_node(node)->parent;
	}
	assert_int_equal(node, 0);
}

static int
capture(const struct bounds *within, const struct caller *caller)
{
	int result = frames_capture(&frames, within, caller, &last);

	intern_learned();
	return result;
}

/* As stack.c does. The list's first frame is this function. */
__attribute__((noinline)) static void
capture_here(void)
{
	const struct caller *caller = CALLER_HERE;
	const struct memo_stack *known = memo_find(&memo, caller);
	struct list list = { .count = 0 };
	uint32_t node;

	_Unwind_Backtrace(visit, &list);
	if (known) {
		memo_hits++;
		node = known->leaf.node;
	} else {
		assert_int_equal(capture(&bounds, caller), 0);
		memo_keep(&memo, caller, &last, 1, false);
		node = last.leaf.node;
	}
	expect_frames(node, &list, 1, list.count - 1);
}

static void descend(unsigned path, unsigned depth);
static void use(volatile char *room) { *room = 0; }

/* Without ASan's guards between a frame's variables: a realigned frame's own slot looks like
 * one. */
#define STEPPING __attribute__((noinline, no_sanitize("address"))) static void

#define STEP(name, size, alignment) \
	STEPPING name(unsigned path, unsigned depth) \
	{ \
		volatile char room[size] __attribute__((aligned(alignment))); \
		use(room); \
		descend(path, depth); \
		use(room); \
	}
STEP(step_small, 8, 8)
STEP(step_large, 200, 8)
STEP(step_aligned, 64, 64)

__attribute__((noinline)) static void
descend(unsigned path, unsigned depth)
{
	static void (*const steps[PATHS])(unsigned, unsigned) =
		{ step_small, step_large, step_aligned };

	if (depth)
		steps[path % PATHS](path / PATHS, depth - 1);
	else
		capture_here();
}

/* This thread's stack, from here up. */
static int
begin(void **unused)
{
	pthread_attr_t attributes;
	size_t size;
	void *low;

	assert_int_equal(pthread_getattr_np(pthread_self(), &attributes), 0);
	assert_int_equal(pthread_attr_getstack(&attributes, &low, &size), 0);
	pthread_attr_destroy(&attributes);
	bounds = (struct bounds){ (uintptr_t)low, (uintptr_t)low + size };
	counting_begin();
	return 0;
}

static int
forget(void **unused)
{
	settings.depth = STACK_DEPTH_MAX;
	frames_forget(&frames);
	memo_forget(&memo);
	memo_hits = 0;
	return 0;
}

static void
finds_every_stack_of_a_wandering_program(void **unused)
{
	unsigned random = 1;

	for (int i = 0; i < WALKS; i++) {
		random = random * 1664525 + 1013904223;
		/* few paths far out, so that some come again; others end the same way */
		descend((random >> 8) % 27 * (random >> 16) % 100, (random >> 24) % 8);
	}
	assert_true(memo_hits > 0);
	assert_true(memo_hits < WALKS);
}

static void
takes_a_repeated_stack_from_the_memo(void **unused)
{
	for (int i = 0; i < 10; i++)
		descend(5, 6);
	assert_int_equal(memo_hits, 8); /* noted, kept, proved */
}

static void
makes_nodes_only_for_what_is_new(void **unused)
{
	uint32_t count[3];

	for (int i = 0; i < 3; i++) {
		forget(NULL);
		descend(0, 10);
		count[i] = tracer.nodes.count;
	}
	assert_int_equal(count[1], count[0]);
	assert_int_equal(count[2], count[0]);
}

__attribute__((noinline)) static void
capture_deep(size_t count)
{
	const struct caller *caller = CALLER_HERE;
	struct list list = { .count = 0 };

	settings.depth = (uint32_t)count;
	_Unwind_Backtrace(visit, &list);
	assert_int_equal(capture(&bounds, caller), 0);
	expect_frames(last.leaf.node, &list, 1, count < list.count ? count : list.count - 1);
	assert_int_equal(last.cut, count < list.count - 1);
}

__attribute__((noinline)) static void
recurse(unsigned depth, size_t count)
{
	volatile char room;

	use(&room);
	if (depth)
		recurse(depth - 1, count);
	else
		capture_deep(count);
	use(&room);
}

static void
cuts_what_is_deeper_than_asked_for(void **unused)
{
	static const size_t depths[] = { 200, 7, 8, 300, 1, DEPTH_MOST };

	for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
		recurse(DEPTH_MOST, depths[i]);
		recurse(DEPTH_MOST / 2, depths[i]);
		recurse(DEPTH_MOST, depths[i]);
	}
}

__attribute__((noinline)) static void
capture_beyond(uint64_t high)
{
	const struct caller *caller = CALLER_HERE;
	struct bounds narrow = { bounds.low, caller->sp + high };

	assert_int_equal(capture(&narrow, caller), -1);
}

/* A frame that leads out of the stack is not believed. */
static void
reads_nothing_above_the_stack(void **unused)
{
	for (uint64_t high = 8; high <= 64; high += 8)
		capture_beyond(high);
}

/* A coroutine's stack: where it ends nobody knows. */
static void
finds_the_same_on_a_stack_without_bounds(void **unused)
{
	struct bounds known = bounds;
	uint32_t nodes[2];

	if (is_under("valgrind")) /* the system call that tells what can be read does not read
	                           * there */
		skip();
	for (int round = 0; round < 2; round++) {
		forget(NULL);
		for (unsigned path = 0; path < 30; path++)
			descend(path, 4);
		nodes[round] = tracer.nodes.count;
		bounds = (struct bounds){ 0, 0 };
	}
	bounds = known;
	assert_int_equal(nodes[1], nodes[0]);
}

static void
compares_slots_in_order_and_no_further(void **unused)
{
	uint64_t words[9] = { 0 };
	struct slot slots[9];

	for (uint64_t i = 0; i < 9; i++) {
		words[i] = i;
		slots[i] = (struct slot){ (uintptr_t)&words[i], i };
	}
	assert_int_equal(slots_check(slots, 9), 0);
	for (size_t bad = 0; bad < 9; bad++) {
		words[bad] = 100;
		if (bad)
			slots[bad - 1].address = 1; /* would fault */
		assert_int_equal(slots_check(slots, 9), bad + 1);
		if (bad)
			slots[bad - 1].address = (uintptr_t)&words[bad - 1];
		words[bad] = bad;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(finds_every_stack_of_a_wandering_program, forget),
		cmocka_unit_test_setup(takes_a_repeated_stack_from_the_memo, forget),
		cmocka_unit_test_setup(makes_nodes_only_for_what_is_new, forget),
		cmocka_unit_test_setup(cuts_what_is_deeper_than_asked_for, forget),
		cmocka_unit_test_setup(reads_nothing_above_the_stack, forget),
		cmocka_unit_test_setup(finds_the_same_on_a_stack_without_bounds, forget),
		cmocka_unit_test(compares_slots_in_order_and_no_further),
	};

	return cmocka_run_group_tests(tests, begin, guest_teardown);
}
