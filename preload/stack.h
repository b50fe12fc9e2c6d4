/* The return addresses of the guest's frames, by libunwind, which is opened RTLD_LOCAL at start. */
#ifndef PRELOAD_STACK_H
#define PRELOAD_STACK_H

#include "preload/thread.h"

#include <pthread.h>
#include <stddef.h>

/* Opens libunwind. Returns NULL, or why it cannot be used: stacks are one frame deep then (the caller
 * of the hook). */
const char *stack_open(void);

/* Return addresses, innermost first, into thread->pcs, without frames of this library. Returns how
 * many; 0: unknown (too little stack left to unwind on). *cut is set when there were more. Takes no
 * lock of ours; called with none held. `caller` is the return address of the hook. */
size_t stack_capture(struct thread *thread, const void *caller, bool *cut);

/* Runs work(argument) on the guest's stack, or on the thread's spare one where the guest's has too
 * little room left for us: a minimal thread stack, an alternate signal stack, a coroutine's. False:
 * there was no memory for a spare stack and the work was not done. */
bool stack_run(struct thread *thread, void (*work)(void *argument), void *argument);

/* Finds the bounds of this thread's stack, once. */
void stack_measure(struct thread *thread);

/* libc's own pthread_getattr_np. */
int stack_attributes(pthread_t id, pthread_attr_t *attributes);

/* Around fork: no thread is inside libunwind, whose locks the child would find taken for ever. */
void stack_lock(void);
void stack_unlock(void);
void stack_after_fork(void);

#endif
