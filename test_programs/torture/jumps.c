/*
 * Stacks that are left sideways: longjmp over many frames, and calls that do not return at the very
 * end of a function, whose return address belongs to the function that lies behind it.
 */
#include "test_programs/torture/torture.h"

#include <setjmp.h>

enum {
	ROUNDS = 500,
	DEEPEST = 40,
};

static jmp_buf way_out;
static uint32_t seed = 3;
static volatile unsigned char sink;

TORTURE __attribute__((noreturn)) static void
leap(void)
{
	TORTURE_FRAME;
	torture_allocate();
	longjmp(way_out, 1);
}

/* Nothing stands behind the call: what follows in memory has a frame of another size. */
TORTURE __attribute__((noreturn)) static void
leap_from_small(void)
{
	TORTURE_FRAME;
	leap();
}

TORTURE static void
large_neighbour(int left)
{
	volatile unsigned char bytes[700];
	TORTURE_FRAME;
	bytes[left] = 1;
	torture_allocate();
	sink = bytes[left];
}

TORTURE __attribute__((noreturn)) static void
leap_from_large(void)
{
	volatile unsigned char bytes[500];
	TORTURE_FRAME;
	bytes[torture_random(&seed) % 500] = 2;
	sink = bytes[0];
	leap();
}

TORTURE static void
small_neighbour(void)
{
	TORTURE_FRAME;
	torture_allocate();
}

TORTURE static void
descend(int left)
{
	TORTURE_FRAME;
	if (left > DEEPEST)
		return; /* never; else the compiler sees that nobody returns */
	if (torture_random(&seed) % 8 == 0)
		torture_allocate();
	if (left > 0)
		descend(left - 1);
	else if (torture_random(&seed) % 2 == 0)
		leap_from_small();
	else
		leap_from_large();
}

TORTURE static void
climb(int left)
{
	volatile unsigned char bytes[40];
	TORTURE_FRAME;
	bytes[left] = 3;
	if (left > 0)
		climb(left - 1);
	torture_allocate();
	sink = bytes[left];
}

/* The jump ends here; what runs next lies on the same stretch of stack with other frames. */
TORTURE static void
round_trip(int depth)
{
	TORTURE_FRAME;
	struct torture_frame *kept = torture_path;
	if (setjmp(way_out) == 0)
		descend(depth);
	torture_path = kept;
	torture_allocate();
	climb(depth);
	large_neighbour(depth);
	small_neighbour();
}

int
main(void)
{
	for (int i = 0; i < ROUNDS; i++)
		round_trip((int)(torture_random(&seed) % DEEPEST));
	return torture_end();
}
