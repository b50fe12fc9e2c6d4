/*
 * From the unwinder's list to a stack id. Called by record.c for every allocation.
 *
 * fork waits until no thread is inside libunwind: its memory pools have locks, and a child would find
 * such a lock taken by a thread that does not exist there. The hot path pays two plain stores; the
 * forking thread pays for both with membarrier.
 *
 *     capture:  is_unwinding = 1; fork_wanted?  --no-->  unwind;  is_unwinding = 0
 *     fork:     fork_wanted++;    membarrier;  wait until no thread is_unwinding
 *
 * Rule: a frame of this library is never published.
 */
#include "preload/stack.h"

#include "preload/intern.h"
#include "preload/recent.h"
#include "preload/settings.h"
#include "preload/tracer.h"
#include "preload/unwinder.h"

#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { OWN_FRAMES_MAX = 32, FORK_WAIT_TURNS = 2000, FORK_WAIT_NS = 50 * 1000 };

static uint32_t fork_wanted; /* how many threads are about to fork */

const char *
stack_open(void)
{
	syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
	return unwinder_open();
}

static __attribute__((noinline)) void
stack_wait_for_fork(struct thread *thread)
{
	while (__atomic_load_n(&fork_wanted, __ATOMIC_ACQUIRE)) {
		thread->is_unwinding = false;
		sched_yield();
		thread->is_unwinding = true;
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	}
}

void
stack_begin_unwinding(struct thread *thread)
{
	thread->is_calling_out = true;
	thread->is_unwinding = true;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (__builtin_expect(__atomic_load_n(&fork_wanted, __ATOMIC_RELAXED), 0))
		stack_wait_for_fork(thread);
}

void
stack_end_unwinding(struct thread *thread)
{
	__atomic_store_n(&thread->is_unwinding, false, __ATOMIC_RELEASE);
	thread->is_calling_out = false;
}

static int
stack_unwind(struct thread *thread, int room)
{
	int count;

	stack_begin_unwinding(thread);
	count = unwinder_backtrace((void **)thread->pcs, room);
	stack_end_unwinding(thread);
	return count;
}

/* Return addresses, innermost first, into thread->pcs, without frames of this library. Returns how
 * many. *cut is set when there were more. */
static size_t
stack_capture(struct thread *thread, const struct caller *caller, bool *cut)
{
	int room = (int)settings.depth + OWN_FRAMES_MAX;
	int found = unwinder_backtrace ? stack_unwind(thread, room) : 0;
	size_t kept = 0;

	for (int i = 0; i < found; i++) { /* without a branch that guesses wrong at each change */
		uint64_t pc = thread->pcs[i];

		thread->pcs[kept] = pc;
		kept += pc && !unwinder_is_own(pc);
	}
	*cut = kept > settings.depth || found == room;
	if (kept > settings.depth)
		kept = settings.depth;
	if (!kept)
		thread->pcs[kept++] = caller->pc;
	return kept;
}

uint32_t
stack_identify(struct thread *thread, const struct caller *caller, uint64_t size)
{
	bool cut = false, by_size;
	size_t frames = stack_capture(thread, caller, &cut);
	uint32_t id = recent_find(thread, frames, cut);

	if (__builtin_expect(id != 0, 1))
		return id;
	id = intern_stack(thread->pcs, frames, cut, size, &by_size);
	if (id && !by_size)
		recent_keep(thread, frames, cut, id);
	return id;
}

static void
stack_see_unwinding(struct thread *thread, void *busy)
{
	if (__atomic_load_n(&thread->is_unwinding, __ATOMIC_ACQUIRE))
		*(bool *)busy = true;
}

/* Bounded: a thread that left libunwind by a longjmp looks busy until its next event. */
void
stack_lock(void)
{
	const struct timespec nap = { .tv_nsec = FORK_WAIT_NS };
	bool busy = true;

	__atomic_fetch_add(&fork_wanted, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
	for (int turn = 0; busy && turn < FORK_WAIT_TURNS; turn++) {
		busy = false;
		thread_each(stack_see_unwinding, &busy);
		if (busy)
			nanosleep(&nap, NULL);
	}
}

void
stack_unlock(void)
{
	__atomic_fetch_sub(&fork_wanted, 1, __ATOMIC_RELEASE);
}

void
stack_after_fork(void)
{
	__atomic_store_n(&fork_wanted, 0, __ATOMIC_RELEASE);
}
