/*
 * What the library keeps per thread, in its own anonymous mapping behind one initial-exec TLS
 * pointer (large TLS makes pthread_create with a small stack fail).
 */
#ifndef PRELOAD_THREAD_H
#define PRELOAD_THREAD_H

#include "trace/format.h"

#include <stdbool.h>
#include <stddef.h>

enum { STACK_DEPTH_MAX = 512, THREAD_PENDING_MAX = 64 };

struct thread {
	union {
		uint32_t busy; /* 0: not inside the library, nor any of these */
		struct {
			bool is_inside;      /* the library; events then pass or are queued */
			bool is_changing;    /* the ledger and the counters; see change.h */
			bool is_unwinding;   /* inside libunwind, which may hold locks of its
			                      * own; see stack.c */
			bool is_calling_out; /* inside libc or libunwind, which may allocate for
			                      * us */
		};
	};
	uint32_t in_use;
	int32_t until_look;  /* events that pass before the one that asks the clock and the
	                      * triggers again; see slow.h */
	int32_t look_gap;    /* from the last of those to this one */
	uint64_t looked_ns;  /* when that was */
	struct thread *next; /* all threads' states */
	struct thread *next_unused; /* those that wait for a thread */
	bool is_borrowed;    /* for one event only: the thread's own state is gone, it is ending */
	bool is_alone, is_at_peak; /* these and `unflushed`: see counters.h */
	uint32_t pending_count;
	uint32_t number;     /* 0, 1, 2, ...: of this state, whatever thread has it */
	uint32_t id;         /* the kernel's, of the thread that has it */
	uint32_t page_limit;
	struct trace_counters **pages; /* by stack / TRACE_COUNTERS; NULL: not counted in yet */
	int64_t unflushed, unflushed_roles[TRACE_ROLES];
	uint64_t last_block; /* the block that this thread recorded last, or 0 */
	uint64_t passing;    /* recorded as freed, on its way through the next operator delete; or
	                      * 0 */
	uint64_t entered_at; /* the stack pointer of the hook's caller, or in it: a longjmp past it
	                      * is seen by that */
	uint64_t stack_low, stack_high; /* of this thread's stack, as far as known; else 0 */
	uint64_t room_low, room_size;   /* the part of it with room below for an event; see
	                                 * stack.h */
	uint8_t *spare_stack; /* to work on where the guest's stack has too little room; or NULL */
	struct unwind_check *check; /* scratch of unwind_check.c, or NULL */
	struct history *history; /* the stacks that it had last, see stack.c; or NULL */
	uint64_t pcs[STACK_DEPTH_MAX + 32]; /* scratch of stack.c */
	uint64_t pending[THREAD_PENDING_MAX]; /* blocks freed by a signal handler inside the
	                                       * library */
};

/* Lets ended threads give their state back. Before this threads are served as well. */
void thread_start(void);

/* NULL: no event yet. Else the state, or THREAD_ENDED where the thread's destructors run. */
extern __thread struct thread *thread_self;
#define THREAD_ENDED ((struct thread *)1)

/* The rare ends of enter and leave. */
struct thread *thread_enter_slowly(uint64_t here);
void thread_leave_slowly(struct thread *thread);

enum { THREAD_INSIDE = 1, THREAD_CHANGING = THREAD_INSIDE | 1 << 8 }; /* of `busy`: in a change as
                                                                       * well */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ &&
               offsetof(struct thread, is_inside) == offsetof(struct thread, busy) &&
               offsetof(struct thread, is_changing) == offsetof(struct thread, busy) + 1 &&
               offsetof(struct thread, in_use) == offsetof(struct thread, busy) + 4,
               "`busy` is the four marks");

static inline __attribute__((always_inline)) void
thread_raise(struct thread *thread, uint64_t here, uint32_t busy)
{
	__atomic_store_n(&thread->busy, busy, __ATOMIC_RELAXED);
	thread->entered_at = here;
	thread->passing = 0;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline __attribute__((always_inline)) bool
thread_is_plain(const struct thread *thread)
{
	return __builtin_expect((uintptr_t)thread > (uintptr_t)THREAD_ENDED && !thread->busy, 1);
}

/* The state of this thread, inside the library from now on, or NULL: nested, or no memory. Every
 * non-NULL result is followed by thread_leave. `here`: CALLER_SP of the hook. */
static inline struct thread *
thread_enter_at(uint64_t here)
{
	struct thread *thread = thread_self;

	if (!thread_is_plain(thread)) {
		thread = thread_enter_slowly(here);
		if (!thread)
			return NULL;
	}
	thread_raise(thread, here, THREAD_INSIDE);
	return thread;
}

/* For what is no hook, or calls nothing that could be one. */
static inline struct thread *
thread_enter(void)
{
	return thread_enter_at((uintptr_t)__builtin_frame_address(0));
}

/* The same where that takes no call; NULL: nothing has changed, thread_enter may. What it gives is
 * a thread's own state, and is left by thread_leave_plain. */
static inline __attribute__((always_inline)) struct thread *
thread_enter_plain(uint64_t here, uint32_t busy)
{
	struct thread *thread = thread_self;

	if (!thread_is_plain(thread))
		return NULL;
	thread_raise(thread, here, busy);
	return thread;
}

static inline __attribute__((always_inline)) void
thread_leave_plain(struct thread *thread)
{
	__atomic_store_n(&thread->busy, 0, __ATOMIC_RELEASE);
}

static inline void
thread_leave(struct thread *thread)
{
	if (__builtin_expect(thread->is_borrowed, 0))
		thread_leave_slowly(thread);
	else
		thread_leave_plain(thread);
}

/* This thread is inside the library (a nested event). */
bool thread_is_inside(void);

/* A free that comes while this thread is inside the library, from a signal handler or from libc on
 * our behalf: true when it was queued, and the block must stay. The next event takes it up. */
bool thread_postpone(void *block);

/* What was queued, into room for THREAD_PENDING_MAX; returns how many. Called inside the
 * library. */
uint32_t thread_take_postponed(struct thread *thread, uint64_t *blocks);

/* A nested allocation that nobody will record: true when it is the guest's own (a signal
 * handler). */
bool thread_misses_allocation(void);

/* Calls `visit` for every state in use, without a lock. */
void thread_each(void (*visit)(struct thread *thread, void *context), void *context);

/* The same for every state there is, also those that wait for a thread. */
void thread_each_ever(void (*visit)(struct thread *thread, void *context), void *context);

/* In a forked child: only this thread is left. */
void thread_after_fork(void);

#endif
