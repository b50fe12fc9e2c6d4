/*
 * Keeps the guest's signals and cancellations out for a while: around a snapshot and wherever the
 * library makes system calls that libc treats as cancellation points. A handler must never find
 * our locks taken by its own thread, a cancelled thread must never leave them behind.
 */
#ifndef PRELOAD_SHIELD_H
#define PRELOAD_SHIELD_H

#include "preload/lock.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

struct shield {
	uint64_t signals;
	int cancel_state;
	int error; /* errno, put back at the end */
};

/* All signals, libc's own included: by the system call, since libc's function leaves those out.
 * Returns those that were blocked before. */
static inline uint64_t
shield_block_signals(void)
{
	uint64_t every = UINT64_MAX, before = 0;

	syscall(SYS_rt_sigprocmask, 2 /* SIG_SETMASK of the kernel */, &every, &before,
	        sizeof(every));
	return before;
}

static inline void
shield_restore_signals(uint64_t before)
{
	syscall(SYS_rt_sigprocmask, 2, &before, NULL, sizeof(before));
}

static inline void
shield_raise(struct shield *shield)
{
	shield->error = errno;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &shield->cancel_state);
	shield->signals = shield_block_signals();
}

static inline void
shield_lower(const struct shield *shield)
{
	shield_restore_signals(shield->signals);
	pthread_setcancelstate(shield->cancel_state, NULL);
	errno = shield->error;
}

/* A lock of ours, with the shield raised for as long as it is held. */
static inline void
shield_take(struct shield *shield, uint32_t *lock)
{
	shield_raise(shield);
	lock_take(lock);
}

static inline void
shield_release(const struct shield *shield, uint32_t *lock)
{
	lock_release(lock);
	shield_lower(shield);
}

/* A lock of ours where nothing is a cancellation point while it is held, with the signals kept out
 * alone: also before libc's functions may be called. Returns what shield_leave wants. */
static inline uint64_t
shield_enter(uint32_t *lock)
{
	uint64_t signals = shield_block_signals();

	lock_take(lock);
	return signals;
}

static inline void
shield_leave(uint64_t signals, uint32_t *lock)
{
	lock_release(lock);
	shield_restore_signals(signals);
}

#endif
