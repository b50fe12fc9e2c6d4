/* The return addresses of the guest's frames, by libunwind, which is opened RTLD_LOCAL at start. */
#ifndef PRELOAD_UNWIND_STACK_H
#define PRELOAD_UNWIND_STACK_H

#include "preload/thread.h"

#include <pthread.h>

/* Opens libunwind. Returns NULL, or why it cannot be used: stacks are one frame deep then (the
 * caller of the hook). */
const char *stack_open(void);

/* The guest at the moment it called a hook: what its registers hold once the call has returned. */
struct caller {
	uint64_t pc; /* return address */
	uint64_t sp, rbp; /* x86-64; elsewhere of no use */
};

/* Within a hook itself: the stack pointer of its caller. Of two hooks of a thread under way at one
 * time the inner one's is lower. */
#define CALLER_SP ((uintptr_t)__builtin_dwarf_cfa())

/* Within a hook itself: where its frame lies tells. */
#define CALLER \
	((struct caller){ (uintptr_t)__builtin_return_address(0), \
		CALLER_SP, \
		*(const uint64_t *)__builtin_frame_address(0) })

/* The same for others: being a local of the hook, it also keeps the compiler from leaving the
 * hook's frame by a tail call. */
#define CALLER_HERE (&CALLER)

/* The id of the present stack, without frames of this library, for a block of this size; 0:
 * unknown. Called with no lock of ours held, from the thread that called the hook. */
uint32_t stack_identify(struct thread *thread, const struct caller *caller, uint64_t size);

/* The thread's last stack becomes its present one, as far as our own rules reach. */
void stack_refresh(struct thread *thread, const struct caller *caller);

/* The frames of the thread's last stack by our own rules, or NULL. They held when that was
 * walked. */
struct frames;
const struct frames *stack_last(const struct thread *thread);

/* Around a call of an unwinder that may take locks of its own: no fork comes in between. */
void stack_begin_unwinding(struct thread *thread);
void stack_end_unwinding(struct thread *thread);

/* Code may have been unloaded: what was learned from addresses where it lay is forgotten. */
void stack_look_for_gone_code(void);

/* What an event of ours may need of the guest's stack. */
enum { STACK_ROOM = 48 * 1024 };

/* This thread's stack lies here; 0, 0: it is not known where. */
static inline void
stack_set_bounds(struct thread *thread, uint64_t low, uint64_t high)
{
	thread->stack_low = low;
	thread->stack_high = high;
	thread->room_low = low + STACK_ROOM;
	thread->room_size = high - low > STACK_ROOM ? high - low - STACK_ROOM : 0;
}

/* Whether that much is left of it below `here`. A stack whose bounds are not known has none. */
static inline bool
stack_has_room(const struct thread *thread, uint64_t here)
{
	return here - thread->room_low < thread->room_size;
}

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
