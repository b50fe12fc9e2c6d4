/*
 * __register_atfork, interposed: libc runs prepare handlers in the reverse of the order in which
 * they were registered, and ours must be the last. Between it and fork's clone our locks are held:
 * another library's handler that allocates there would wait for its own thread, and one that takes
 * a lock would wait for a thread that waits for us in malloc. A library's constructor may well run
 * before ours, so whoever registers first makes us register before.
 *
 *     prepare:  theirs, last to first --> ours --> clone --> ours --> theirs, first to last
 *
 * And _Fork, which runs none of them.
 *
 * Called by the guest, through the pthread_atfork that is linked into each object. Rule: nothing is
 * registered with libc before fork_start has been.
 */
#include "preload/process/fork.h"

#include <dlfcn.h>
#include <errno.h>
#include <sys/types.h>

#define EXPORT __attribute__((visibility("default")))

typedef void handler(void);

int __register_atfork(handler *prepare, handler *parent, handler *child, void *object);

EXPORT int
__register_atfork(handler *prepare, handler *parent, handler *child, void *object)
{
	int (*next)(handler *, handler *, handler *, void *);

	fork_start();
	next = (int (*)(handler *, handler *, handler *, void *))dlsym(RTLD_NEXT,
	                                                                "__register_atfork");
	return next(prepare, parent, child, object);
}

/* ---- _Fork, which runs no handlers */

EXPORT pid_t _Fork(void);

static pid_t (*next_fork)(void);

/* Before a handler can ask: it must not wait for the dynamic linker. */
static __attribute__((constructor)) void
atfork_resolve(void)
{
	if (!next_fork)
		next_fork = (pid_t (*)(void))dlsym(RTLD_NEXT, "_Fork");
}

pid_t
_Fork(void)
{
	pid_t pid = -1;

	atfork_resolve();
	if (next_fork)
		pid = next_fork();
	else
		errno = ENOSYS;
	if (!pid)
		fork_bare_child();
	return pid;
}
