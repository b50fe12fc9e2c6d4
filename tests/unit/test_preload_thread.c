/* Thread states: one event at a time, used again after a thread ends, repaired after a longjmp. */
#include "preload/thread.h"
#include "preload/unwind/stack.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROUNDS = 200 };

static void
counts_a_state(struct thread *thread, void *count)
{
	++*(int *)count;
}

static void
refuses_an_event_within_an_event(void **unused)
{
	struct thread *thread = thread_enter();

	assert_non_null(thread);
	assert_true(thread_is_inside());
	assert_null(thread_enter_at((uintptr_t)__builtin_frame_address(0) - 16)); /* further in */
	thread_leave(thread);
	assert_false(thread_is_inside());
	thread = thread_enter();
	assert_non_null(thread);
	thread_leave(thread);
}

static void
postpones_frees_only_inside(void **unused)
{
	uint64_t blocks[THREAD_PENDING_MAX] = { 0 };
	char memory[THREAD_PENDING_MAX];
	struct thread *thread;

	assert_false(thread_postpone(memory));
	thread = thread_enter();
	for (int i = 0; i < THREAD_PENDING_MAX; i++)
		assert_true(thread_postpone(&memory[i]));
	assert_false(thread_postpone(memory));
	assert_int_equal(thread_take_postponed(thread, blocks), THREAD_PENDING_MAX);
	for (int i = 0; i < THREAD_PENDING_MAX; i++)
		assert_int_equal(blocks[i], (uintptr_t)&memory[i]);
	assert_int_equal(thread_take_postponed(thread, blocks), 0);
	thread_leave(thread);
}

static void
tells_our_own_allocations_from_the_guests(void **unused)
{
	struct thread *thread = thread_enter();

	assert_true(thread_misses_allocation());
	thread->is_calling_out = true;
	assert_false(thread_misses_allocation());
	thread_leave(thread);
}

static void *
has_one_event(void *into)
{
	struct thread *thread = thread_enter();

	*(struct thread **)into = thread;
	thread_leave(thread);
	return NULL;
}

static void
uses_the_state_of_an_ended_thread_again(void **unused)
{
	struct thread *first = NULL, *next = NULL;
	int before = 0, after = 0;
	pthread_t thread;

	thread_each(counts_a_state, &before);
	for (int i = 0; i < ROUNDS; i++) {
		assert_int_equal(pthread_create(&thread, NULL, has_one_event, &next), 0);
		pthread_join(thread, NULL);
		assert_non_null(next);
		assert_true(i == 0 || next == first);
		first = next;
	}
	thread_each(counts_a_state, &after);
	assert_int_equal(after, before);
}

static pthread_key_t late_key;

/* Runs after the library's own destructor: every round of destructors is one more. */
static void
has_a_late_event(void *round)
{
	struct thread *thread = thread_enter();

	assert_non_null(thread);
	thread_leave(thread);
	if ((uintptr_t)round < 4)
		pthread_setspecific(late_key, (void *)((uintptr_t)round + 1));
}

static void *
ends_with_events(void *into)
{
	pthread_setspecific(late_key, (void *)1);
	return has_one_event(into);
}

static void
gives_back_what_an_ending_thread_borrowed(void **unused)
{
	int before = 0, after = 0;
	struct thread *state;
	pthread_t thread;

	assert_int_equal(pthread_key_create(&late_key, has_a_late_event), 0);
	thread_each(counts_a_state, &before);
	assert_int_equal(pthread_create(&thread, NULL, ends_with_events, &state), 0);
	pthread_join(thread, NULL);
	thread_each(counts_a_state, &after);
	assert_int_equal(after, before);
}

static jmp_buf back;

static __attribute__((noinline)) void
leaves_by_longjmp(void)
{
	volatile char room[4096];

	room[0] = 0;
	assert_non_null(thread_enter());
	longjmp(back, 1 + room[0]);
}

static void
notes_nothing(void *unused)
{
}

static void
goes_on_after_a_longjmp_out_of_the_library(void **unused)
{
	struct thread *thread = thread_enter();

	assert_true(stack_run(thread, notes_nothing, NULL)); /* learns the stack's bounds */
	thread_leave(thread);
	if (!setjmp(back))
		leaves_by_longjmp();
	thread = thread_enter();
	assert_non_null(thread);
	thread_leave(thread);
}

static void
tells_an_inner_hook_from_one_that_is_gone(void **unused)
{
	struct thread *thread = thread_enter();
	uint64_t here = (uintptr_t)__builtin_frame_address(0);

	assert_true(stack_run(thread, notes_nothing, NULL));
	thread_leave(thread);
	thread = thread_enter_at(here);
	assert_null(thread_enter_at(here - 16)); /* a handler came upon it */
	assert_ptr_equal(thread_enter_at(here), thread); /* from the same place: no way back */
	assert_ptr_equal(thread_enter_at(here + 16), thread);
	assert_null(thread_enter_at(here));
	thread_leave(thread);
}

static void
notes_where_it_runs(void *at)
{
	*(uintptr_t *)at = (uintptr_t)__builtin_frame_address(0);
}

static void
works_on_a_stack_of_its_own_where_the_guests_is_unknown(void **unused)
{
	struct thread *thread = thread_enter();
	uint64_t low, high;
	uintptr_t at = 0;

	assert_true(stack_run(thread, notes_where_it_runs, &at));
	low = thread->stack_low;
	high = thread->stack_high;
	assert_in_range(at, low, high);
	stack_set_bounds(thread, low, low + 1); /* as if this were a coroutine's */
	assert_true(stack_run(thread, notes_where_it_runs, &at));
	assert_true(at > (uintptr_t)thread->spare_stack);
	assert_true(at - (uintptr_t)thread->spare_stack < 1 << 20);
	stack_set_bounds(thread, low, high);
	thread_leave(thread);
}

static void
count_measured(struct thread *thread, void *count)
{
	*(unsigned *)count += thread->stack_high != 0;
}

static void *
enters(void *barrier)
{
	thread_leave(thread_enter());
	pthread_barrier_wait(barrier);
	pthread_barrier_wait(barrier);
	return NULL;
}

static void
forgets_the_stacks_of_threads_that_a_fork_left_behind(void **unused)
{
	pthread_barrier_t barrier;
	pthread_t other;
	unsigned measured = 0;
	pid_t child;
	int status;

	assert_int_equal(pthread_barrier_init(&barrier, NULL, 2), 0);
	assert_int_equal(pthread_create(&other, NULL, enters, &barrier), 0);
	pthread_barrier_wait(&barrier);
	thread_each(count_measured, &measured);
	assert_int_equal(measured, 2);
	child = fork();
	if (!child) {
		thread_after_fork();
		measured = 0;
		thread_each_ever(count_measured, &measured);
		_exit(measured == 1 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	pthread_barrier_wait(&barrier);
	assert_int_equal(pthread_join(other, NULL), 0);
	pthread_barrier_destroy(&barrier);
}

static int
begin(void **unused)
{
	thread_start();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_an_event_within_an_event),
		cmocka_unit_test(postpones_frees_only_inside),
		cmocka_unit_test(tells_our_own_allocations_from_the_guests),
		cmocka_unit_test(uses_the_state_of_an_ended_thread_again),
		cmocka_unit_test(gives_back_what_an_ending_thread_borrowed),
		cmocka_unit_test(goes_on_after_a_longjmp_out_of_the_library),
		cmocka_unit_test(tells_an_inner_hook_from_one_that_is_gone),
		cmocka_unit_test(works_on_a_stack_of_its_own_where_the_guests_is_unknown),
		cmocka_unit_test(forgets_the_stacks_of_threads_that_a_fork_left_behind),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
