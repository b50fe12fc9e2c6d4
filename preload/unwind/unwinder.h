/* libunwind as this library uses it: opened at start, cut off from the loader's lock and from the
 * guest's descriptors. */
#ifndef PRELOAD_UNWIND_UNWINDER_H
#define PRELOAD_UNWIND_UNWINDER_H

#include <stdbool.h>
#include <stdint.h>

/* Returns NULL, or why libunwind cannot be used. */
const char *unwinder_open(void);

/* Return addresses of the calling thread, innermost first, from the caller of this function on.
 * Returns how many; `room` of them may mean that there are more. */
extern int (*unwinder_backtrace)(void **addresses, int room);

/* Whether the word at `address` can be read, asked from the kernel. Changes errno. */
bool unwinder_is_readable(uint64_t address);

/* The same, slower and out of nothing but the tables and the stack as they are now, or NULL:
 * unw_backtrace keeps what it once found at a pc, for good, also where other code came to lie
 * there, and where it had to guess. */
extern int (*unwinder_walk)(void **addresses, int room);

/* Code has been unloaded: from now on unwinder_backtrace is unwinder_walk. */
void unwinder_forget(void);

extern uint64_t unwinder_own_start, unwinder_own_size; /* where this library lies */

static inline bool
unwinder_is_own(uint64_t pc)
{
	return pc - unwinder_own_start < unwinder_own_size;
}

#endif
