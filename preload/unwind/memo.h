/*
 * The stacks that a thread saw lately, each with the slots that prove it: where a call comes from
 * the same place with the same stack pointer and its slots hold what they did, it is the same
 * stack.
 */
#ifndef PRELOAD_UNWIND_MEMO_H
#define PRELOAD_UNWIND_MEMO_H

#include "preload/unwind/frames.h"

enum { MEMO_SETS = 128, MEMO_WAYS = 4, MEMO_SLOTS = 8192 };

#define MEMO_BY_SIZE UINT32_MAX /* the stack depends on the block's size: no stack's number */
#define MEMO_NO_SLOTS (UINT64_MAX / 2) /* where the ring never is, nor seems to have been */

struct memo_stack { /* one cache line */
	uint64_t pc; /* of the caller of the hook; 0: free */
	uint64_t sp, rbp;
	uint64_t start; /* of its slots: a running number; MEMO_NO_SLOTS: none are kept */
	const struct slot *slots_end; /* the innermost of them is before it */
	struct leaf leaf;
	uint32_t stack; /* or MEMO_BY_SIZE */
	uint16_t slot_count; /* a multiple of SLOTS_AT_ONCE: the innermost fills up */
	bool cut;
	bool needs_rbp;
	uint8_t unused[4];
};
_Static_assert(sizeof(struct memo_stack) == 64, "one cache line");

/* Of one thread. */
struct memo {
	struct memo_stack sets[MEMO_SETS][MEMO_WAYS];
	struct slot slots[MEMO_SLOTS]; /* the last that were kept, as in a ring */
	uint64_t end;                  /* running number of the next one */
	uint32_t turn;                 /* of the ways, to be replaced */
};

static inline unsigned
memo_set(const struct caller *caller)
{
	uint64_t mixed = caller->pc * UINT64_C(0x9e3779b97f4a7c15) ^
	                 caller->sp * UINT64_C(0xc2b2ae3d27d4eb4f);

	return (unsigned)(mixed >> 57);
}
_Static_assert(MEMO_SETS == 1 << (64 - 57), "the number of sets is what memo_set gives");

static inline bool
memo_is_of(const struct memo_stack *known, const struct caller *caller)
{
	return known->pc == caller->pc && known->sp == caller->sp &&
	       (!known->needs_rbp || known->rbp == caller->rbp);
}

/* Not where the ring has overwritten them. */
static inline bool
memo_has_slots(const struct memo *memo, const struct memo_stack *known)
{
	return memo->end - known->start <= MEMO_SLOTS;
}

/* The stack of which `caller` is the innermost frame, proved; or NULL. */
static inline __attribute__((always_inline)) const struct memo_stack *
memo_find(const struct memo *memo, const struct caller *caller)
{
	const struct memo_stack *known = memo->sets[memo_set(caller)];

	for (int way = 0; way < MEMO_WAYS; way++, known++) {
		if (memo_is_of(known, caller) && memo_has_slots(memo, known) &&
		    slots_hold(known->slots_end, known->slot_count))
			return known;
	}
	return NULL;
}

/* A stack that has just been captured. Its slots are kept at second sight. */
void memo_keep(struct memo *memo, const struct caller *caller, const struct capture *capture,
               uint32_t stack, bool by_size);

void memo_forget(struct memo *memo);

#endif
