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

enum { SLOTS_AT_ONCE = 8 };

struct slot {
	uint64_t address, value;
};

static inline uint64_t
slots_differs(const struct slot *slot)
{
	return *(const uint64_t *)(uintptr_t)slot->address ^ slot->value;
}

/* Any of the four that end there. Written out: the compiler would make a loop of them. */
static inline uint64_t
slots_differ_before(const struct slot *end)
{
	return slots_differs(end - 1) | slots_differs(end - 2) | slots_differs(end - 3) |
	       slots_differs(end - 4);
}

/* How many remain when those that hold are taken off the end: 0, all hold. `is_mapped`: all of them
 * lie in the stack of this thread, so that one may be read before the next is known to hold. */
static inline size_t
slots_check(const struct slot *slots, size_t count, bool is_mapped)
{
	while (is_mapped && count >= SLOTS_AT_ONCE) {
		const struct slot *last = slots + count;

		if (slots_differ_before(last) | slots_differ_before(last - SLOTS_AT_ONCE / 2))
			break;
		count -= SLOTS_AT_ONCE;
	}
	while (count && !slots_differs(&slots[count - 1]))
		count--;
	return count;
}

#endif
