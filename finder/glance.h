/*
 * A glance at what lies around an anchor's word: the single fields that the profile's guard tests,
 * as plain arithmetic. Nearly all words that may be anchors by their block's size fail the first of
 * these tests, and none of them reads the block: so one of each glance is made ready for blocks of
 * one size (glance_first) and asked before the others. Used by scan.c only.
 *
 *     value of the field, plus N:   least <= value <= least + span,
 *                                   and a power of two, if the guard wants one;
 *                               or  value * times == size of the block * size_times
 *
 * What must never break: a glance that says no stands for a guard that says no. It may say yes
 * where the guard does not, so the guard is asked after it.
 */
#ifndef FINDER_GLANCE_H
#define FINDER_GLANCE_H

#include "profiles/profile.h"

#define GLANCE_ANY_SIZE UINT64_MAX /* of a block whose size is not known here */

enum {
	GLANCE_TESTS = 4,
	GLANCE_REACH = 1024, /* fields lie within so many bytes of the word */
};

struct glance_test {
	int16_t at[2];       /* of the field, from the word; one of these two has to pass */
	uint64_t mask, sign; /* the field's bits in a word, and the highest if it is signed: what
	                      * ((word & mask) ^ sign) - sign extends */
	uint64_t plus;       /* to be added, less the sign */
	uint64_t least, span;
	uint64_t pow2;       /* all bits set: a power of two is wanted */
	uint64_t times, size_times; /* 0: held against the range */
};

struct glance {
	size_t count;
	struct glance_test tests[GLANCE_TESTS];
};

/* The narrowest test of some anchors, for blocks of one size. */
struct glance_first {
	int64_t at; /* this and the others as above */
	uint64_t mask, sign, plus, least, span, pow2;
	uint64_t set; /* a bit for each of the anchors: the caller's */
};

/* Takes what it can of the profile's guard, for its anchor of that number. */
void glance_compile(struct glance *glance, const struct profile *profile, uint8_t anchor);

/* One test, but for `set`: what it rules out, the glance rules out for blocks of this size (as
 * below). False: there is none of one field. */
bool glance_first(const struct glance *glance, uint64_t size, struct glance_first *out);

/* Whether it passes at the word, whose surroundings can be read. */
__attribute__((no_sanitize("address", "thread"))) static inline bool
glance_first_passes(const struct glance_first *first, uintptr_t word)
{
	struct word { uint64_t value; } __attribute__((packed, may_alias));
	uint64_t raw = ((const struct word *)(word + (uintptr_t)first->at))->value;
	uint64_t value = ((raw & first->mask) ^ first->sign) + first->plus;
	return value - first->least <= first->span && (value & (value - 1) & first->pow2) == 0;
}

/* The guest's bytes are read whatever a sanitizer in this process thinks of them. */
__attribute__((no_sanitize("address", "thread"))) static inline bool
glance_passes(const struct glance_test *test, uintptr_t at, uint64_t size)
{
	struct word { uint64_t value; } __attribute__((packed, may_alias));
	uint64_t raw = ((const struct word *)at)->value;
	uint64_t value = ((raw & test->mask) ^ test->sign) + test->plus;
	if (test->times && size != GLANCE_ANY_SIZE)
		return value * test->times == size * test->size_times;
	return value - test->least <= test->span && (value & (value - 1) & test->pow2) == 0;
}

/* Whether the word that can be read at `word`, with GLANCE_REACH bytes before and behind it, can be
 * the anchor of a header. `size`: of the block that it points at, or GLANCE_ANY_SIZE. */
static inline bool
glance_holds(const struct glance *glance, uintptr_t word, uint64_t size)
{
	for (size_t i = 0; i < glance->count; i++) {
		const struct glance_test *test = &glance->tests[i];
		if (!glance_passes(test, word + (uintptr_t)(intptr_t)test->at[0], size) &&
		    (test->at[0] == test->at[1] ||
		     !glance_passes(test, word + (uintptr_t)(intptr_t)test->at[1], size)))
			return false;
	}
	return true;
}

#endif
