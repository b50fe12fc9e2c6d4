/*
 * Called by stack.c, memo_find at every event.
 *
 *     (pc, sp) --> set of four ways --start--> ring of slots
 *                                              | taken again next | oldest kept ... newest |  ^ end
 *
 * Different stacks may share pc and sp, hence the ways. A program whose stacks are mostly new pays for
 * little more than the note of a stack: its slots are copied only when it comes a second time.
 *
 * Rules: an entry whose slots the ring has overwritten is none; one that is being changed is free
 * meanwhile, since a signal handler may leave by longjmp at any instruction.
 */
#include "preload/unwind/memo.h"

#include <string.h>

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

static inline bool
memo_has_slots(const struct memo *memo, const struct memo_stack *known)
{
	return known->has_slots && memo->end - known->start <= MEMO_SLOTS;
}

const struct memo_stack *
memo_find(const struct memo *memo, const struct caller *caller, bool is_mapped)
{
	const struct memo_stack *known = memo->sets[memo_set(caller)];

	for (int way = 0; way < MEMO_WAYS; way++, known++) {
		if (memo_is_of(known, caller) && memo_has_slots(memo, known) &&
		    !slots_check(&memo->slots[known->start % MEMO_SLOTS], known->slot_count,
		                 is_mapped && known->is_bounded))
			return known;
	}
	return NULL;
}

/* The entry of this very stack, or the one to give up for it. */
static struct memo_stack *
memo_place(struct memo *memo, const struct caller *caller, const struct capture *capture,
           bool *was_seen)
{
	struct memo_stack *set = memo->sets[memo_set(caller)], *place = NULL;

	for (int way = 0; way < MEMO_WAYS; way++) {
		*was_seen = memo_is_of(&set[way], caller) && set[way].leaf.node == capture->leaf.node &&
		            set[way].cut == capture->cut;
		if (*was_seen)
			return &set[way];
		if (!set[way].pc)
			place = &set[way];
	}
	return place ? place : &set[memo->turn++ % MEMO_WAYS];
}

/* Never around the end of the ring, so that a stack's slots lie in one piece. */
static uint64_t
memo_copy(struct memo *memo, const struct capture *capture)
{
	uint64_t place = memo->end % MEMO_SLOTS;
	uint64_t start;

	if (place + capture->slot_count > MEMO_SLOTS)
		memo->end += MEMO_SLOTS - place;
	start = memo->end;
	memo->end += capture->slot_count;
	__atomic_signal_fence(__ATOMIC_RELEASE);
	memcpy(&memo->slots[start % MEMO_SLOTS], capture->slots,
	       capture->slot_count * sizeof(capture->slots[0]));
	return start;
}

void
memo_keep(struct memo *memo, const struct caller *caller, const struct capture *capture,
          uint32_t stack, bool by_size)
{
	bool was_seen;
	struct memo_stack *place = memo_place(memo, caller, capture, &was_seen);

	place->pc = 0;
	__atomic_signal_fence(__ATOMIC_RELEASE);
	place->sp = caller->sp;
	place->rbp = caller->rbp;
	place->needs_rbp = capture->needs_rbp;
	place->leaf = capture->leaf;
	place->cut = capture->cut;
	place->is_bounded = capture->is_bounded;
	place->stack = stack;
	place->by_size = by_size;
	place->slot_count = (uint16_t)capture->slot_count;
	place->has_slots = was_seen;
	if (was_seen)
		place->start = memo_copy(memo, capture);
	__atomic_signal_fence(__ATOMIC_RELEASE);
	place->pc = caller->pc;
}

void
memo_forget(struct memo *memo)
{
	memset(memo->sets, 0, sizeof(memo->sets));
}
