/*
 * The words of a stack that lead from frame to frame: return addresses, and callers' rbp where a
 * frame further out is found by it. Unwinding is a function of (pc, sp, rbp) and of these words
 * alone, so where a frame is in the same state as before and the words hold the same values, all
 * frames outside it are the same.
 *
 *     slots, outermost first    | [0] of the root | ... | of frame k | ... | of the innermost |
 *     compared from the end, since only a word that holds proves that the next is still a slot
 */
#ifndef PRELOAD_UNWIND_SLOTS_H
#define PRELOAD_UNWIND_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SLOTS_AT_ONCE = 4 };

struct slot {
	uint64_t address, value;
};

static inline bool
slots_differs(const struct slot *slot)
{
	return *(const uint64_t *)(uintptr_t)slot->address != slot->value;
}

_Static_assert(SLOTS_AT_ONCE == 4, "what slots_check_four compares");

/* Which of four is the last that does not hold, the first being number 1; 0: all hold. Written out:
 * the compiler would make a loop of them. A branch for each costs less than to gather what
 * differs. */
static inline __attribute__((always_inline)) size_t
slots_check_four(const struct slot *first)
{
	if (__builtin_expect(slots_differs(&first[3]), 0))
		return 4;
	if (__builtin_expect(slots_differs(&first[2]), 0))
		return 3;
	if (__builtin_expect(slots_differs(&first[1]), 0))
		return 2;
	return __builtin_expect(slots_differs(&first[0]), 0);
}

/* How many remain when those that hold are taken off the end: 0, all hold. */
static inline size_t
slots_check(const struct slot *slots, size_t count)
{
	while (count >= SLOTS_AT_ONCE) {
		size_t changed = slots_check_four(&slots[count - SLOTS_AT_ONCE]);

		count -= SLOTS_AT_ONCE - changed;
		if (changed)
			return count;
	}
	while (count && !slots_differs(&slots[count - 1]))
		count--;
	return count;
}

/* Whether all hold of a number that is a multiple of SLOTS_AT_ONCE. */
static inline __attribute__((always_inline)) bool
slots_hold(const struct slot *end, size_t count)
{
	for (; count; count -= SLOTS_AT_ONCE) {
		end -= SLOTS_AT_ONCE;
		if (slots_check_four(end))
			return false;
	}
	return true;
}

#endif
