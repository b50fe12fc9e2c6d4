/*
 * For programs that want to help maptrace: marks. Header-only, C99 and C++98; when the program does
 * not run under libmaptrace.so a mark is one load and one branch.
 *
 *     #include <maptrace.h>
 *     ...
 *     maptrace_mark("after load");     // a snapshot of all maps, labelled "after load"
 *
 * Link with nothing: the library's function is found when it is preloaded and is absent otherwise.
 */
#ifndef MAPTRACE_H
#define MAPTRACE_H

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
