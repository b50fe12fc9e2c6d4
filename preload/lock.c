/*
 * Waiting for the library's own locks, away from the path where nobody waits. Called by lock_take
 * alone. It never gives up: an owner always goes on, and in a forked child every lock is reset.
 */
#include "preload/lock.h"

#include <errno.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_SPINS = 64, LOCK_YIELDS = 64, LOCK_SLEEP_NS = 50 * 1000 };

static inline void
lock_spin(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

void
lock_pause(uint32_t turn)
{
	const struct timespec nap = { .tv_nsec = LOCK_SLEEP_NS };

	if (turn < LOCK_SPINS)
		lock_spin();
	else if (turn < LOCK_SPINS + LOCK_YIELDS)
		sched_yield();
	else
		syscall(SYS_nanosleep, &nap, NULL);
}

void
lock_wait(uint32_t *lock)
{
	int before = errno;

	for (uint32_t turn = 0; !lock_try(lock);) {
		while (__atomic_load_n(lock, __ATOMIC_RELAXED)) {
			lock_pause(turn);
			turn += turn < LOCK_SPINS + LOCK_YIELDS;
		}
	}
	errno = before;
}
