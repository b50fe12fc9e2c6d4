/*
 * pthread_getattr_np, interposed: libc allocates in there while it holds the thread's own lock. At
 * a thread's first event we ask for the same attributes ourselves (room.c), and would wait for that
 * lock for ever: seen in Java, whose threads ask for their stack before they do anything else. So
 * what we need to know is asked first.
 */
#include "preload/process/tracer.h"
#include "preload/unwind/stack.h"

#include <errno.h>

__attribute__((visibility("default"))) int
pthread_getattr_np(pthread_t id, pthread_attr_t *attributes)
{
	struct thread *thread;
	int kept = errno;

	if (tracer_is_on() && (thread = thread_enter())) {
		stack_measure(thread);
		thread_leave(thread);
	}
	errno = kept;
	return stack_attributes(id, attributes);
}
