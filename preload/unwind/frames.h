/*
 * The present stack, unwound by our own rules: only the frames that are new since the last time
 * are, the others are proved unchanged.
 */
#ifndef PRELOAD_UNWIND_FRAMES_H
#define PRELOAD_UNWIND_FRAMES_H

#include "preload/stacks/intern.h"
#include "preload/unwind/rules.h"
#include "preload/unwind/slots.h"
#include "preload/unwind/stack.h"

enum { FRAMES_MAX = STACK_DEPTH_MAX + 32, FRAME_SLOTS = 3 };

/* A frame in the state that its caller or we met it in, and what its callers add up to. */
struct frame {
	uint64_t pc, sp, rbp;
	struct leaf leaf;    /* in the tree of all stacks */
	uint16_t slots;      /* how many prove this frame's callers: slots[0] up to here */
	uint16_t published;  /* frames that are not this library's, from the root on, with this
	                      * one */
	bool needs_rbp;      /* a caller is found by this rbp */
};

/* A frame that was walked: its state, and the rule that leads out of it. */
struct step {
	uint64_t pc, sp, rbp;
	struct rule rule;
};

/* Of one thread: its last stack, the outermost frame first. */
struct frames {
	uint32_t count;
	struct frame list[FRAMES_MAX];
	struct slot slots[FRAMES_MAX * FRAME_SLOTS];
	struct step steps[FRAMES_MAX + 1]; /* scratch of a walk, the innermost frame first */
};

struct bounds {
	uint64_t low, high; /* of a stack that is mapped from the stack pointer up; or 0 */
};

struct capture {
	struct leaf leaf; /* its node 0: the trace is full */
	bool cut;      /* there are more frames than settings.depth */
	bool needs_rbp;
	const struct slot *slots; /* what proves the stack, until the next frames_capture */
	size_t slot_count;
};

/* The present stack from `caller` on. Returns 0, or -1: libunwind must be asked. */
int frames_capture(struct frames *frames, const struct bounds *bounds, const struct caller *caller,
                   struct capture *capture);

/* The last stack is not to be relied on: code has moved, or the thread is another. */
void frames_forget(struct frames *frames);

#endif
