/*
 * The library's own lock: one word, never a pthread mutex (the guest may debug, count or replace
 * those). Held for some ten instructions (intern's for as long as a new stack takes), from inside
 * the library, so that no event of the same thread can ask for it again, and with signals blocked
 * (shield.h), so that no handler's longjmp leaves it taken and no handler's fork copies it so;
 * never while the guest's code, libunwind or the allocator runs.
 */
#ifndef PRELOAD_LOCK_H
#define PRELOAD_LOCK_H

#include <stdbool.h>
#include <stdint.h>

/* One turn of waiting, the `turn`th: spins, then yields, then sleeps. No cancellation point: a
 * thread that is to be cancelled must not leave from within malloc. errno may change. */
void lock_pause(uint32_t turn);

/* Waits: spins, then yields, then sleeps (a thread of higher real-time priority would else keep the
 * owner from ever letting go). */
void lock_wait(uint32_t *lock);

static inline bool
lock_try(uint32_t *lock)
{
	return !__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE);
}

static inline void
lock_take(uint32_t *lock)
{
	if (__builtin_expect(!lock_try(lock), 0))
		lock_wait(lock);
}

static inline void
lock_release(uint32_t *lock)
{
	__atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

#endif
