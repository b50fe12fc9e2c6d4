/*
 * Stops changes: one flag that every event reads, a barrier on all processors that makes it seen,
 * and a bounded wait for the events under way. Called by fork.c, snapshot.c, counters.c and
 * ledger.c.
 *
 * Where the kernel has no membarrier the flag is never down: each event then takes the slow way and
 * issues a barrier of its own.
 */
#include "preload/ledger/change.h"

#include "preload/lock.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NO_MEMBARRIER UINT32_C(0x80000000)

enum { WAIT_TURNS = 2000 }; /* 0.1 s */

uint32_t change_stops;
static uint32_t lock;
static pid_t stopper; /* thread that stopped the others; 0: none */

void
change_open(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0))
		change_stops |= NO_MEMBARRIER;
}

static bool
change_may_go_on(void)
{
	return !(__atomic_load_n(&change_stops, __ATOMIC_SEQ_CST) & ~NO_MEMBARRIER) ||
	       __atomic_load_n(&stopper, __ATOMIC_RELAXED) == gettid();
}

__attribute__((noinline)) void
change_wait(struct thread *thread)
{
	int before = errno;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (unsigned turn = 0; !change_may_go_on(); turn++) {
		change_end(thread);
		lock_pause(turn);
		__atomic_store_n(&thread->is_changing, true, __ATOMIC_SEQ_CST);
	}
	errno = before;
}

static void
change_see(struct thread *thread, void *found)
{
	if (__atomic_load_n(&thread->is_changing, __ATOMIC_ACQUIRE))
		*(bool *)found = true;
}

bool
change_stop(void)
{
	bool is_changing = true;

	lock_take(&lock);
	__atomic_store_n(&stopper, gettid(), __ATOMIC_RELAXED);
	__atomic_fetch_add(&change_stops, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
	for (unsigned turn = 0; is_changing && turn < WAIT_TURNS; turn++) {
		is_changing = false;
		thread_each(change_see, &is_changing);
		if (is_changing)
			lock_pause(turn);
	}
	return !is_changing;
}

void
change_resume(void)
{
	__atomic_store_n(&stopper, 0, __ATOMIC_RELAXED);
	__atomic_fetch_sub(&change_stops, 1, __ATOMIC_SEQ_CST);
	lock_release(&lock);
}

void
change_after_fork(void)
{
	stopper = 0;
	change_stops &= NO_MEMBARRIER;
	lock_release(&lock);
}
