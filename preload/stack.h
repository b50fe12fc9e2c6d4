/* The return addresses of the guest's frames. libunwind is opened RTLD_LOCAL at start; a later
 * unwinder replaces what is behind this header. */
#ifndef PRELOAD_STACK_H
#define PRELOAD_STACK_H

#include "preload/thread.h"

#include <stddef.h>

/* Opens libunwind. Returns 0, or -1: stacks are one frame deep then (the caller of the hook). */
int stack_open(void);

/* Return addresses, innermost first, into thread->pcs, without frames of this library. Returns how
 * many; 0: unknown (too little stack left to unwind on). *cut is set when there were more. Takes no
 * lock of ours; called with none held. `caller` is the return address of the hook. */
size_t stack_capture(struct thread *thread, const void *caller, bool *cut);

#endif
