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

enum {
	LOCK_SPINS = 64,
	LOCK_YIELDS = 64,
	LOCK_SLEEP_NS = 50 * 1000,
	LOCK_SLEEP_MAX_NS = 64 * LOCK_SLEEP_NS,
	LOCK_SLEEPS = 4, /* before they become twice as long */
};

static inline void
lock_spin(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static void
lock_sleep(long ns)
{
	const struct timespec nap = { .tv_nsec = ns };

	syscall(SYS_nanosleep, &nap, NULL);
}

void
lock_pause(uint32_t turn)
{
	if (turn < LOCK_SPINS)
		lock_spin();
	else if (turn < LOCK_SPINS + LOCK_YIELDS)
		sched_yield();
	else
		lock_sleep(LOCK_SLEEP_NS);
}

/* Thousands that look every 50 us would leave the owner no time to let go: they sleep longer and
 * longer. */
void
lock_wait(uint32_t *lock)
{
	long ns = LOCK_SLEEP_NS;
	int before = errno;

	for (uint32_t turn = 0; !lock_try(lock);) {
		for (; __atomic_load_n(lock, __ATOMIC_RELAXED); turn++) {
			if (turn < LOCK_SPINS + LOCK_YIELDS) {
				lock_pause(turn);
				continue;
			}
			lock_sleep(ns);
			if (turn % LOCK_SLEEPS == 0 && ns < LOCK_SLEEP_MAX_NS)
				ns *= 2;
		}
	}
	errno = before;
}
