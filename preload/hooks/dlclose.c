/*
 * dlclose, interposed: the code that return addresses pointed into may be gone afterwards, and
 * other code may come to lie there. Called by the guest; forwards first, then lets stack.c and
 * module.c forget. A dlclose inside libc goes past us: stack.c notices when the next module is
 * loaded.
 */
#include "preload/process/tracer.h"
#include "preload/thread.h"
#include "preload/unwind/stack.h"

#include <dlfcn.h>
#include <errno.h>

__attribute__((visibility("default"))) int
dlclose(void *handle)
{
	static int (*next)(void *);
	struct thread *thread;
	int result, kept;

	if (!next)
		next = (int (*)(void *))dlsym(RTLD_NEXT, "dlclose");
	result = next(handle);
	kept = errno;
	if (tracer_is_on() && (thread = thread_enter())) {
		stack_look_for_gone_code();
		thread_leave(thread);
	}
	errno = kept;
	return result;
}
