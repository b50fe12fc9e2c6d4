/*
 * Called by stack.c where no recent stack is found; the search is in memo.h.
 *
 *     (pc, sp) --> set of four ways --start--> ring of slots
 *                                              | taken again next | oldest kept ... newest |  ^ end
 *
 * Different stacks may share pc and sp, hence the ways; the newest comes first. A program whose
 * stacks are mostly new pays for little more than the note of a stack: its slots are copied only
 * when it comes a second time.
 *
 * Rules: an entry whose slots the ring has overwritten is none; one that is being changed is free
 * meanwhile, since a signal handler may leave by longjmp at any instruction.
 */
#include "preload/unwind/memo.h"

#include <string.h>

static void
memo_begin(struct memo_stack *entry)
{
	entry->pc = 0;
	__atomic_signal_fence(__ATOMIC_RELEASE);
}

static void
memo_end(struct memo_stack *entry, uint64_t pc)
{
	__atomic_signal_fence(__ATOMIC_RELEASE);
	entry->pc = pc;
}

/* The front of a set, where memo_find begins, becomes free: what is there moves back, up to a free
 * way or the one whose turn it is. */
static struct memo_stack *
memo_make_way(struct memo *memo, struct memo_stack *set)
{
	unsigned way = 0;

	while (way < MEMO_WAYS && set[way].pc)
		way++;
	if (way == MEMO_WAYS)
		way = memo->turn++ % MEMO_WAYS;
	for (; way > 0; way--) {
		struct memo_stack moved = set[way - 1];
		uint64_t pc = moved.pc;

		memo_begin(&set[way]);
		moved.pc = 0;
		set[way] = moved;
		memo_end(&set[way], pc);
	}
	return set;
}

/* The entry of this very stack, or the one to give up for it. */
static struct memo_stack *
memo_place(struct memo *memo, const struct caller *caller, const struct capture *capture,
           bool *was_seen)
{
	struct memo_stack *set = memo->sets[memo_set(caller)];

	for (int way = 0; way < MEMO_WAYS; way++) {
		*was_seen = memo_is_of(&set[way], caller) &&
		            set[way].leaf.node == capture->leaf.node &&
		            set[way].cut == capture->cut;
		if (*was_seen)
			return &set[way];
	}
	return memo_make_way(memo, set);
}

/* Never around the end of the ring, so that a stack's slots lie in one piece. */
static void
memo_copy(struct memo *memo, struct memo_stack *into, const struct capture *capture)
{
	size_t count = capture->slot_count, padded = count + SLOTS_AT_ONCE - 1;
	struct slot *slots;

	padded -= padded % SLOTS_AT_ONCE;
	if (memo->end % MEMO_SLOTS + padded > MEMO_SLOTS)
		memo->end += MEMO_SLOTS - memo->end % MEMO_SLOTS;
	slots = &memo->slots[memo->end % MEMO_SLOTS];
	into->start = memo->end;
	into->slots_end = slots + padded;
	into->slot_count = (uint16_t)padded;
	memo->end += padded;
	__atomic_signal_fence(__ATOMIC_RELEASE);
	memcpy(slots, capture->slots, count * sizeof(slots[0]));
	for (size_t i = count; i < padded; i++)
		slots[i] = slots[count - 1];
}

void
memo_keep(struct memo *memo, const struct caller *caller, const struct capture *capture,
          uint32_t stack, bool by_size)
{
	bool was_seen;
	struct memo_stack *place = memo_place(memo, caller, capture, &was_seen);

	memo_begin(place);
	place->sp = caller->sp;
	place->rbp = caller->rbp;
	place->needs_rbp = capture->needs_rbp;
	place->leaf = capture->leaf;
	place->cut = capture->cut;
	place->stack = by_size ? MEMO_BY_SIZE : stack;
	place->start = MEMO_NO_SLOTS;
	if (was_seen)
		memo_copy(memo, place, capture);
	memo_end(place, caller->pc);
}

void
memo_forget(struct memo *memo)
{
	memset(memo->sets, 0, sizeof(memo->sets));
}
