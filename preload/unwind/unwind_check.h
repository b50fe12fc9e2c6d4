/* The checking mode (MAPTRACE_CHECK_UNWIND=1): each recorded stack is compared with what two other
 * unwinders find at the same point, libunwind's unw_step and libgcc's _Unwind_Backtrace. */
#ifndef PRELOAD_UNWIND_UNWIND_CHECK_H
#define PRELOAD_UNWIND_UNWIND_CHECK_H

#include "preload/thread.h"

#include <stddef.h>

/* Frames, innermost first, without those of this library; `cut`: there were more. */
struct unwind_list {
	const uint64_t *pcs;
	size_t count;
	bool cut;
};

#define UNWIND_EQUAL SIZE_MAX

/* The first frame at which two lists differ, or UNWIND_EQUAL. Where one has ended it is the index
 * of its missing frame; where the lists agree but one alone is cut, their length. Only the first
 * `known` frames count: SIZE_MAX where unwind tables describe all of them. */
size_t unwind_check_compare(const struct unwind_list *recorded, const struct unwind_list *other,
                            size_t known);

/* Opens libgcc's unwinder, at start. */
void unwind_check_open(void);

/* Compares stack `id`, recorded at this moment for a call that returns to `caller`. Called with no
 * lock of ours held. */
void unwind_check(struct thread *thread, uint32_t id, uint64_t caller);

/* Says on standard error how many stacks were compared and how many differed. */
void unwind_check_tell(void);

/* A forked child counts its own. */
void unwind_check_after_fork(void);

#endif
