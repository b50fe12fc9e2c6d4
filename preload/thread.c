/*
 * Thread states: taken at a thread's first event, given back when it ends, used again by later
 * threads, so that their number follows the most threads alive at one time.
 *
 *     thread_self == NULL          no event yet
 *     thread_self == THREAD_ENDED  the thread's destructors run: each event borrows a state
 *     thread_self == state         with is_inside set while inside the library
 *
 * Called at every event. Rule: nobody is inside while the real allocator or anything that can
 * throw runs; what a handler's longjmp leaves raised is seen by the stack pointer and repaired.
 */
#include "preload/thread.h"

#include "preload/hidden.h"
#include "preload/ledger/counters.h"
#include "preload/lock.h"
#include "preload/process/tracer.h"
#include "preload/shield.h"
#include "preload/unwind/stack.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { THREAD_SLAB = 8 };

__thread struct thread *thread_self;
static struct thread *all, *unused;
static uint32_t lock, threads_now, states;
static pthread_key_t end_key;
static bool has_end_key;

/* What was of the thread itself. */
static void
thread_clear(struct thread *thread)
{
	thread->last_block = thread->passing = 0;
	thread->is_borrowed = false;
	stack_set_bounds(thread, 0, 0);
}

static void
thread_put_unused(struct thread *thread)
{
	thread->next_unused = unused;
	unused = thread;
}

/* All states of a fresh slab wait, the first one in front. */
static void
thread_make(void)
{
	struct thread *slab = hidden_map(THREAD_SLAB * sizeof(*slab));

	if (!slab)
		return;
	for (int i = 0; i < THREAD_SLAB; i++) {
		slab[i].next = i + 1 < THREAD_SLAB ? &slab[i + 1] : all;
		slab[i].number = states++;
	}
	for (int i = THREAD_SLAB; i-- > 0;)
		thread_put_unused(&slab[i]);
	__atomic_store_n(&all, slab, __ATOMIC_RELEASE);
}

static uint32_t
thread_count(int change)
{
	uint32_t now = threads_now += (uint32_t)change;

	if (tracer.writer.header && tracer_is_on() && now > tracer.writer.header->threads_seen)
		__atomic_store_n(&tracer.writer.header->threads_seen, now, __ATOMIC_RELAXED);
	return now;
}

static struct thread *
thread_acquire(void)
{
	struct thread *thread;
	uint32_t now = 0;

	lock_take(&lock);
	if (!unused)
		thread_make();
	thread = unused;
	if (thread) {
		unused = thread->next_unused;
		__atomic_store_n(&thread->in_use, 1, __ATOMIC_RELEASE);
		now = thread_count(1);
	}
	lock_release(&lock);
	if (thread)
		counters_begin_thread(thread, now);
	return thread;
}

static void
thread_release(struct thread *thread)
{
	struct shield shield;

	counters_end_thread(thread);
	shield_take(&shield, &lock);
	thread_clear(thread);
	thread->busy = 0;
	__atomic_store_n(&thread->in_use, 0, __ATOMIC_RELEASE);
	thread_put_unused(thread);
	thread_count(-1);
	shield_release(&shield, &lock);
}

static void
thread_end(void *state)
{
	if (thread_self != state)
		return;
	thread_self = THREAD_ENDED;
	thread_release(state);
}

void
thread_start(void)
{
	has_end_key = !pthread_key_create(&end_key, thread_end);
	if (has_end_key && thread_self && thread_self != THREAD_ENDED)
		pthread_setspecific(end_key, thread_self);
}

/* The first event of a thread, or one of a thread that is ending. */
static struct thread *
thread_adopt_state(void)
{
	bool is_ending = thread_self == THREAD_ENDED;
	struct thread *thread = thread_acquire();

	if (!thread)
		return NULL;
	thread->is_inside = true;
	thread->id = (uint32_t)syscall(SYS_gettid);
	thread->is_borrowed = is_ending;
	thread_self = thread;
	if (has_end_key && !is_ending) {
		thread->is_calling_out = true;
		pthread_setspecific(end_key, thread);
		thread->is_calling_out = false;
	}
	stack_measure(thread); /* thread_was_left asks */
	return thread;
}

/* A handler that allocates while a state is being taken would take another, which nobody gives
 * back; or it did so a moment ago, and its state is the thread's. */
static __attribute__((noinline)) struct thread *
thread_adopt(void)
{
	struct thread *thread;
	struct shield shield;

	shield_raise(&shield);
	thread = thread_self && thread_self != THREAD_ENDED ? thread_self : thread_adopt_state();
	shield_lower(&shield);
	return thread;
}

/* Whether the library was left by a longjmp out of a signal handler: the hook that entered it was
 * called from below the present one, or from the same place, on the same stack, so it is gone. */
static __attribute__((noinline)) bool
thread_was_left(struct thread *thread, uint64_t here)
{
	stack_t alternate;

	if (here < thread->entered_at || here >= thread->stack_high ||
	    thread->entered_at < thread->stack_low)
		return false;
	return !sigaltstack(NULL, &alternate) && !(alternate.ss_flags & SS_ONSTACK);
}

struct thread *
thread_enter_slowly(uint64_t here)
{
	struct thread *thread = thread_self;
	int before = errno;

	if (!thread || thread == THREAD_ENDED)
		thread = thread_adopt();
	else if (!thread_was_left(thread, here))
		thread = NULL;
	errno = before;
	return thread;
}

void
thread_leave_slowly(struct thread *thread)
{
	int before = errno;

	thread_self = THREAD_ENDED;
	thread_release(thread);
	errno = before;
}

bool
thread_is_inside(void)
{
	struct thread *thread = thread_self;

	return thread && thread != THREAD_ENDED && thread->is_inside;
}

bool
thread_postpone(void *block)
{
	struct thread *thread = thread_self;
	uint32_t place;

	if (!thread_is_inside())
		return false;
	place = __atomic_fetch_add(&thread->pending_count, 1, __ATOMIC_RELAXED);
	if (place < THREAD_PENDING_MAX) {
		thread->pending[place] = (uintptr_t)block;
		return true;
	}
	thread->pending_count = THREAD_PENDING_MAX;
	return false;
}

/* A handler that frees while the blocks are copied makes them one more, and it is done again. */
uint32_t
thread_take_postponed(struct thread *thread, uint64_t *blocks)
{
	uint32_t count;

	do {
		count = thread->pending_count;
		__atomic_signal_fence(__ATOMIC_ACQUIRE);
		memcpy(blocks, thread->pending, count * sizeof(blocks[0]));
	} while (!__atomic_compare_exchange_n(&thread->pending_count, &count, 0, false,
	                                      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return count;
}

bool
thread_misses_allocation(void)
{
	return !thread_is_inside() || !thread_self->is_calling_out;
}

void
thread_each(void (*visit)(struct thread *thread, void *context), void *context)
{
	for (struct thread *t = __atomic_load_n(&all, __ATOMIC_ACQUIRE); t; t = t->next) {
		if (__atomic_load_n(&t->in_use, __ATOMIC_ACQUIRE))
			visit(t, context);
	}
}

void
thread_each_ever(void (*visit)(struct thread *thread, void *context), void *context)
{
	for (struct thread *t = __atomic_load_n(&all, __ATOMIC_ACQUIRE); t; t = t->next)
		visit(t, context);
}

void
thread_after_fork(void)
{
	struct thread *mine = thread_self == THREAD_ENDED ? NULL : thread_self;

	lock_release(&lock);
	threads_now = mine != NULL;
	if (mine)
		mine->id = (uint32_t)syscall(SYS_gettid);
	unused = NULL;
	for (struct thread *t = all; t; t = t->next) {
		if (t == mine)
			continue;
		t->in_use = 0;
		thread_put_unused(t);
		t->busy = t->pending_count = 0;
		thread_clear(t);
	}
}
