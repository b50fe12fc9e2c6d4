/*
 * Random walks: functions of one shape call each other, so that at a given stack pointer and return
 * address the frames further out are others each time; and recursion of random depth, far beyond
 * what is recorded.
 */
#include "test_programs/torture/torture.h"

enum {
	WALKS = 1500,
	LENGTH = 24,
	DIVES = 15,
	DEEPEST = 1500,
};

static uint32_t seed = 1;

typedef void step(unsigned way, int left);
static void go_on(unsigned way, int left);

/* Equal in all but where they lie: the same frame size, the same offsets. */
#define STEP(name, mark) \
	TORTURE static void name(unsigned way, int left) \
	{ \
		volatile int local = mark; \
		TORTURE_FRAME; \
		go_on(way >> 2, left - local + mark); \
	}
STEP(north, 1)
STEP(east, 2)
STEP(south, 3)
STEP(west, 4)

/* One call site for all four. */
TORTURE static void
go_on(unsigned way, int left)
{
	static step *const steps[] = {north, east, south, west};
	TORTURE_FRAME;
	if (left == 0 || torture_random(&seed) % 4 == 0)
		torture_allocate();
	if (left > 0)
		steps[way & 3](way, left - 1);
}

/* The outermost step alone differs between two walks, the inner ones repeat. */
TORTURE static void
walk_often(void)
{
	TORTURE_FRAME;
	for (int i = 0; i < WALKS; i++) {
		unsigned way = i % 8 < 4 ? 0x5555u : torture_random(&seed);
		int left = i % 3 == 0 ? LENGTH : (int)(torture_random(&seed) % LENGTH);
		way = (way & ~3u) | (unsigned)i % 4;
		go_on(way, left);
	}
}

TORTURE static int
dive(int depth, int bottom)
{
	TORTURE_FRAME;
	if (depth == bottom || depth % 101 == 0 || (depth > 505 && depth < 520))
		torture_allocate();
	int reached = depth < bottom ? dive(depth + 1, bottom) : depth;
	if (depth % 97 == 0 || (depth > 500 && depth < 515))
		torture_allocate();
	return reached;
}

int
main(void)
{
	walk_often();
	for (int i = 0; i < DIVES; i++)
		dive(1, 1 + (int)(torture_random(&seed) % DEEPEST));
	return torture_end();
}
