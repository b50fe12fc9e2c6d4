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

/* All signals, libc's own included: by the system call, since libc's function leaves those out. */
static inline void
shield_raise(struct shield *shield)
{
	uint64_t every = UINT64_MAX;

	shield->error = errno;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &shield->cancel_state);
	syscall(SYS_rt_sigprocmask, 2 /* SIG_SETMASK of the kernel */, &every, &shield->signals,
	        sizeof(every));
}

static inline void
shield_lower(const struct shield *shield)
{
	syscall(SYS_rt_sigprocmask, 2, &shield->signals, NULL, sizeof(shield->signals));
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

#endif
