/*
 * When to stop. An image can make any loop long: its numbers are asked for nothing but being
 * possible, and many headers may lead to one array. So each loop over what an image says asks here,
 * and the first that is told to stop is followed by all of its phase. Each phase has time of its
 * own, so that what one found the next can still tell of.
 *
 *     began | search           | type | claim | reach | tell | deadline
 *           0                 4/8    5/8     6/8     7/8    8/8
 *
 * Called by all of golang/.
 *
 * What must never break: between two ticks lies a bounded step (a view, a name, a chain of records
 * with a cap of its own), never a loop over an image's numbers.
 */
#ifndef GOLANG_DEADLINE_H
#define GOLANG_DEADLINE_H

#include "golang/golang.h"

enum { GOLANG_TICKS = 128 }; /* between looks at the clock */

enum golang_phase { /* where it ends, in eighths of the time */
	GOLANG_SEARCH = 4, /* the program, its heap, its maps */
	GOLANG_TYPE,       /* what they are called */
	GOLANG_CLAIM,      /* which blocks are theirs */
	GOLANG_REACH,      /* who holds them, and what their cells point at */
	GOLANG_TELL,       /* what they need */
};

struct golang_deadline {
	const struct golang_input *input;
	uint64_t began_ns;
	unsigned ticks;
	enum golang_phase phase;
	bool is_over; /* this phase was seen to be; stays so */
	bool was_cut; /* any of them */
};

void golang_deadline_start(struct golang_deadline *deadline, const struct golang_input *input);

/* The phase before has ended, in time or not. */
void golang_deadline_next(struct golang_deadline *deadline, enum golang_phase phase);

/* Looks at the clock. */
bool golang_is_late(struct golang_deadline *deadline);

/* The same for small steps: looks at the clock now and then. */
static inline bool
golang_tick(struct golang_deadline *deadline)
{
	if (deadline->is_over || ++deadline->ticks % GOLANG_TICKS)
		return deadline->is_over;
	return golang_is_late(deadline);
}

#endif
