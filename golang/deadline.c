/* See deadline.h. */
#include "golang/deadline.h"

#include <string.h>
#include <time.h>

static uint64_t
now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void
golang_deadline_start(struct golang_deadline *deadline, const struct golang_input *input)
{
	memset(deadline, 0, sizeof *deadline);
	deadline->input = input;
	deadline->began_ns = now_ns();
	deadline->phase = GOLANG_SEARCH;
}

void
golang_deadline_next(struct golang_deadline *deadline, enum golang_phase phase)
{
	deadline->phase = phase;
	deadline->is_over = false;
	deadline->ticks = GOLANG_TICKS - 1; /* what begins late ends at once */
}

bool
golang_is_late(struct golang_deadline *deadline)
{
	uint64_t end_ns = deadline->input->deadline_ns;
	if (end_ns == 0 || deadline->is_over)
		return deadline->is_over;
	if (end_ns > deadline->began_ns)
		end_ns -= (end_ns - deadline->began_ns) / GOLANG_TELL *
		          (uint64_t)(GOLANG_TELL - deadline->phase);
	deadline->is_over = now_ns() >= end_ns;
	deadline->was_cut |= deadline->is_over;
	return deadline->is_over;
}
