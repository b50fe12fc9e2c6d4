/*
 * For programs that want to help maptrace: marks; and for those that ask it. Header-only, C99 and C++98; when the program does
 * not run under libmaptrace.so a mark is one load and one branch.
 *
 *     #include <maptrace.h>
 *     ...
 *     maptrace_mark("after load");     // a snapshot of all maps, labelled "after load"
 *
 * Link with nothing: the library's functions are found when it is preloaded and are absent otherwise.
 */
#ifndef MAPTRACE_H
#define MAPTRACE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Exported by libmaptrace.so; not for direct use. A label is cut to 63 bytes. */
__attribute__((weak)) void maptrace_mark_v1(const char *label);

/* Takes a snapshot of all maps now and labels it. Does nothing when the program is not traced. */
static inline void
maptrace_mark(const char *label)
{
	if (maptrace_mark_v1)
		maptrace_mark_v1(label);
}

/* Exported by libmaptrace.so; not for direct use. */
__attribute__((weak)) size_t maptrace_stack_v1(const void *block, void **into, size_t room);

/* The stack that was recorded when this block was allocated: up to `room` return addresses, innermost
 * first. Returns how many; 0: the program is not traced, or `block` is no live block. */
static inline size_t
maptrace_stack(const void *block, void **into, size_t room)
{
	return maptrace_stack_v1 ? maptrace_stack_v1(block, into, room) : 0;
}

/* Whether the program runs under libmaptrace.so. */
static inline int
maptrace_is_active(void)
{
	return maptrace_mark_v1 != 0;
}

#ifdef __cplusplus
}
#endif

#endif
