/*
 * An event changes the ledger and the counters without a lock. Who needs both at rest (fork, a
 * snapshot, a thread that comes or goes) stops all changes for a moment and pays for everyone:
 *
 *     event:   is_changing = 1; stops?  --no-->  change  -->  is_changing = 0
 *     stopper: stops++;         membarrier;  wait until no other thread is_changing  -->  resume
 *
 * Rules: between begin and end only some hundred instructions run, none of them the guest's or the
 * unwinder's; a stopper is not within a change of its own and stops once.
 */
#ifndef PRELOAD_LEDGER_CHANGE_H
#define PRELOAD_LEDGER_CHANGE_H

#include "preload/hold.h"
#include "preload/thread.h"

/* Not 0: changes go the slow way. */
extern OWN uint32_t change_stops;

/* Once, before the first stop. */
void change_open(void);

void change_wait(struct thread *thread);

/* Asked once is_changing is set. */
static inline __attribute__((always_inline)) bool
change_is_stopped(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return __builtin_expect(__atomic_load_n(&change_stops, __ATOMIC_ACQUIRE) != 0, 0);
}

static inline void
change_begin(struct thread *thread)
{
	__atomic_store_n(&thread->is_changing, true, __ATOMIC_RELAXED);
	if (change_is_stopped())
		change_wait(thread);
}

/* The same where no stop is under way; false: no change has begun. */
static inline __attribute__((always_inline)) bool
change_try(struct thread *thread)
{
	__atomic_store_n(&thread->is_changing, true, __ATOMIC_RELAXED);
	if (!change_is_stopped())
		return true;
	__atomic_store_n(&thread->is_changing, false, __ATOMIC_RELEASE);
	return false;
}

static inline void
change_end(struct thread *thread)
{
	__atomic_store_n(&thread->is_changing, false, __ATOMIC_RELEASE);
}

/* Stops the changes of all other threads; this one may go on with its own. Returns false where one
 * did not come to rest in time (it left a change by a longjmp, or does not run): the tables may be
 * in the middle of its change. Always followed by change_resume. */
bool change_stop(void);
void change_resume(void);

/* In a forked child nobody else is left. */
void change_after_fork(void);

#endif
