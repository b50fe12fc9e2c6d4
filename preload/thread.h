/*
 * What the library keeps per thread, in its own anonymous mapping behind one initial-exec TLS
 * pointer (large TLS makes pthread_create with a small stack fail).
 */
#ifndef PRELOAD_THREAD_H
#define PRELOAD_THREAD_H

#include "trace/format.h"

#include <stdbool.h>

enum { STACK_DEPTH_MAX = 512, THREAD_PENDING_MAX = 64 };

struct thread {
	uint32_t depth;      /* > 0: inside the library; events then pass or are queued */
	struct thread *next; /* all threads' states, for reuse */
	uint32_t in_use;
	uint64_t stack_low, stack_high; /* of this thread's stack, as far as known; else 0 */
	uint64_t pcs[STACK_DEPTH_MAX + 32]; /* scratch of stack_capture */
	uint64_t pending[THREAD_PENDING_MAX]; /* blocks freed by a signal handler inside the library */
	uint32_t pending_count;
};

/* The state of this thread with depth raised to 1, or NULL: nested, or no memory. Every non-NULL
 * result is followed by thread_leave. */
struct thread *thread_enter(void);
void thread_leave(struct thread *thread);

/* This thread is inside the library (a nested event). */
bool thread_is_inside(void);

/* In a forked child: only this thread is left. */
void thread_after_fork(void);

#endif
