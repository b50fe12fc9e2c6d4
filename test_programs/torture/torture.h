/*
 * A program that tortures unwinding knows its own call path: each function on it puts the address
 * that it will return to on a list, and each allocation is held against that list, by asking the
 * library what stack it recorded for the block. So the truth needs no unwinder.
 *
 *     torture_path --> frame | pc --> frame | pc --> ... --> NULL: main, or the start of a thread
 *
 * Rule: every function between main (or a thread's start, which has none) and torture_allocate
 * opens with TORTURE_FRAME, or with TORTURE_FRAME_GAP where its caller cannot (assembly, libc).
 */
#ifndef TEST_PROGRAM_TORTURE_H
#define TEST_PROGRAM_TORTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct torture_frame {
	const void *pc; /* where the function returns to */
	struct torture_frame *outer;
	bool gap;       /* frames that the program does not know may lie between this one and
	                 * `outer`; with no `outer`: anything may */
	bool lost;      /* a record may end with the frame behind this one */
};

extern __thread struct torture_frame *torture_path;

static inline void
torture_leave(struct torture_frame *frame)
{
	torture_path = frame->outer;
}

static inline void
torture_push(struct torture_frame *frame, const void *pc, bool gap)
{
	frame->pc = pc;
	frame->gap = gap;
	frame->outer = torture_path;
	torture_path = frame;
}

#define TORTURE_FRAME_(gap)                                                                        \
	struct torture_frame torture_here                                                          \
	    __attribute__((cleanup(torture_leave))) = {NULL, NULL, false, false};                  \
	torture_push(&torture_here, __builtin_return_address(0), gap)
#define TORTURE_FRAME TORTURE_FRAME_(false)
#define TORTURE_FRAME_GAP TORTURE_FRAME_(true) /* a signal handler's, a callback's */
#define TORTURE __attribute__((noinline))

/* Allocates, holds the recorded stack against the path, frees. */
void torture_allocate(void);

/* A number that hangs on the seed alone, so that a run repeats. */
uint32_t torture_random(uint32_t *seed);

/* Prints whether all was right; on standard error, where the program is traced, how many stacks
 * were held against the truth. Returns main's result: 0, or 1 where one was wrong. */
int torture_end(void);

/* As torture_end, in a child or a thread: whether none was wrong so far. */
bool torture_is_right(void);

#ifdef __cplusplus
}
#endif

#endif
