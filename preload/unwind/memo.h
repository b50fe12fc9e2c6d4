/*
 * The stacks that a thread saw lately, each with the slots that prove it: where a call comes from the
 * same place with the same stack pointer and its slots hold what they did, it is the same stack.
 */
#ifndef PRELOAD_UNWIND_MEMO_H
#define PRELOAD_UNWIND_MEMO_H

#include "preload/unwind/frames.h"

enum { MEMO_SETS = 128, MEMO_WAYS = 4, MEMO_SLOTS = 8192 };

struct memo_stack { /* one cache line */
	uint64_t pc; /* of the caller of the hook; 0: free */
	uint64_t sp, rbp;
	uint64_t start; /* of its slots: a running number; the place is its remainder */
	struct leaf leaf;
	uint32_t stack;
	uint16_t slot_count;
	bool has_slots;
	bool cut;
	bool needs_rbp;
	bool by_size; /* `stack` is not known: it depends on the block's size */
	bool is_bounded; /* all slots lie in the thread's own stack */
	uint8_t unused[9];
};
_Static_assert(sizeof(struct memo_stack) == 64, "one cache line");

/* Of one thread. */
struct memo {
	struct memo_stack sets[MEMO_SETS][MEMO_WAYS];
	struct slot slots[MEMO_SLOTS]; /* the last that were kept, as in a ring */
	uint64_t end;                  /* running number of the next one */
	uint32_t turn;                 /* of the ways, to be replaced */
};

/* The stack of which `caller` is the innermost frame, proved; or NULL. `is_mapped`: the thread's own
 * stack is mapped from the caller up. */
const struct memo_stack *memo_find(const struct memo *memo, const struct caller *caller,
                                   bool is_mapped);

/* A stack that has just been captured. Its slots are kept at second sight. */
void memo_keep(struct memo *memo, const struct caller *caller, const struct capture *capture,
               uint32_t stack, bool by_size);

void memo_forget(struct memo *memo);

#endif
