/*
 * Whose frame holds a header on a stack: the function that the program itself knows by the return
 * address into it, or none.
 */
#include "preload/process/settings.h"
#include "preload/snapshot/holder.h"
#include "test_preload_counting.h"

#include <pthread.h>

/* What the program knows of a header in a frame. */
struct held {
	volatile uint64_t header;
	uint64_t pc;      /* return address into the function that holds it */
	struct trace_map map;
};

/* Without ASan's own frames, which need not lie on the stack. */
#define FRAME __attribute__((noinline, no_sanitize("address"))) static

/* As its first event does. */
static void
know_this_thread(void)
{
	struct thread *thread = thread_enter();

	assert_non_null(thread);
	stack_measure(thread);
	thread_leave(thread);
}

static struct trace_map
find(uint64_t address)
{
	struct trace_map map = { .address = address,
		                 .where = TRACE_WHERE_OTHER,
		                 .where_module = TRACE_NONE };
	struct memory memory;

	assert_int_equal(
	    memory_open_self(&memory, NULL, 0, (uintptr_t)__builtin_frame_address(0), false, NULL),
	    0);
	holder_find(&memory, &map);
	memory_close_self(&memory);
	return map;
}

/* As a mark does: the guest itself calls. */
FRAME void
look(struct held *held)
{
	const struct caller *caller = CALLER_HERE;

	holder_prepare(caller, false);
	held->map = find((uintptr_t)&held->header);
}

FRAME void
look_from_holder(struct held *held)
{
	const struct caller *caller = CALLER_HERE;

	held->pc = caller->pc;
	holder_prepare(caller, false);
	held->map = find((uintptr_t)&held->header);
}

FRAME void
pass_on(struct held *held, unsigned depth)
{
	volatile char room[40];

	if (held->pc == 0)
		held->pc = (uintptr_t)__builtin_return_address(0);
	room[0] = (char)depth;
	if (depth)
		pass_on(held, depth - 1);
	else
		look(held);
	room[0]++;
}

static void
expect_holder(const struct held *held)
{
	assert_int_equal(held->map.where, TRACE_WHERE_STACK);
	assert_int_equal(held->map.where_pc, held->pc);
	assert_int_equal(held->map.where_thread, gettid());
	assert_int_equal(held->map.where_base, thread_self->stack_low);
	assert_true(held->map.where_module != TRACE_NONE);
}

FRAME void
hold(struct trace_map *into, uint64_t *pc, int depth)
{
	struct held held = { .header = 1 };

	if (depth < 0)
		look_from_holder(&held);
	else
		pass_on(&held, (unsigned)depth);
	*into = held.map;
	*pc = held.pc;
}

static void
the_function_that_called_is_told(void **unused)
{
	struct held held = { .header = 0 };

	hold(&held.map, &held.pc, -1);
	expect_holder(&held);
}

static void
so_is_one_farther_out(void **unused)
{
	for (int depth = 0; depth < 12; depth++) {
		struct held held = { .header = 0 };

		hold(&held.map, &held.pc, depth);
		expect_holder(&held);
	}
}

static void
what_is_on_no_stack_stays_as_it_is(void **unused)
{
	static uint64_t global;
	uint64_t *block = malloc(sizeof(*block));
	const uint64_t addresses[] = { (uintptr_t)&global, (uintptr_t)block };

	assert_non_null(block);
	for (size_t i = 0; i < 2; i++) {
		struct trace_map map = find(addresses[i]);

		assert_int_equal(map.where, TRACE_WHERE_OTHER);
		assert_int_equal(map.where_pc, 0);
		assert_int_equal(map.where_thread, 0);
	}
	free(block);
}

/* ---- another thread, which stands still at each step */

struct other {
	pthread_barrier_t barrier;
	struct held *held;
	pid_t id;
};

static struct other other;

static void
meet(void)
{
	pthread_barrier_wait(&other.barrier);
}

/* An event of that thread; then it goes on to another call of its holder's. */
FRAME void
make_event(void)
{
	const struct caller *caller = CALLER_HERE;

	other.held->pc = caller->pc;
	holder_prepare(caller, false);
}

FRAME void
stand_still(void)
{
	meet();
	meet();
}

FRAME void
hold_in_other(void)
{
	struct held held = { .header = 1 };

	other.held = &held;
	make_event();
	stand_still();
	held.header++;
}

/* Has no frame where its last stack had one, and other words in its place. */
FRAME void
stand_elsewhere(void)
{
	volatile uint64_t room[64];

	for (size_t i = 0; i < 64; i++)
		room[i] = i;
	meet();
	meet();
	room[0]++;
}

static void *
run_other(void *unused)
{
	know_this_thread();
	other.id = gettid();
	hold_in_other();
	stand_elsewhere();
	return unused;
}

static void
another_thread_is_known_while_its_frame_stands(void **unused)
{
	struct trace_map map;
	pthread_t thread;

	assert_int_equal(pthread_barrier_init(&other.barrier, NULL, 2), 0);
	assert_int_equal(pthread_create(&thread, NULL, run_other, NULL), 0);
	meet();
	map = find((uintptr_t)&other.held->header);
	assert_int_equal(map.where, TRACE_WHERE_STACK);
	assert_int_equal(map.where_thread, other.id);
	/* It stands in another call of the same function than at its last event. */
	assert_true(map.where_pc != other.held->pc);
	assert_true(map.where_pc - other.held->pc < 256);
	meet();
	meet();
	/* the address, where no such frame is any more */
	map = find((uintptr_t)&other.held->header);
	assert_int_equal(map.where, TRACE_WHERE_STACK);
	assert_int_equal(map.where_thread, other.id);
	assert_int_equal(map.where_pc, 0);
	meet();
	assert_int_equal(pthread_join(thread, NULL), 0);
	pthread_barrier_destroy(&other.barrier);
}

static int
begin(void **unused)
{
	settings.depth = STACK_DEPTH_MAX;
	thread_start();
	counting_begin();
	assert_null(stack_open());
	know_this_thread();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_function_that_called_is_told),
		cmocka_unit_test(so_is_one_farther_out),
		cmocka_unit_test(what_is_on_no_stack_stays_as_it_is),
		cmocka_unit_test(another_thread_is_known_while_its_frame_stands),
	};
	return cmocka_run_group_tests(tests, begin, guest_teardown);
}
