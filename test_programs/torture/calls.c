/*
 * Calls that are not what they seem: tail calls, first calls through lazily bound stubs, callbacks
 * from libc, functions with frame pointers and without in one chain (pointers.c is built with
 * them).
 */
#include "test_programs/torture/torture.h"

#include "test_programs/torture/pointers.h"

#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

enum {
	ROUNDS = 500,
	DEEPEST = 16,
};

static uint32_t seed = 13;
static volatile int kept;

TORTURE static void
arrive(int left)
{
	TORTURE_FRAME_GAP; /* where nothing is optimised, the callers below have frames */
	if (left % 2 == 0)
		torture_allocate();
	calls_step(left);
	kept = left;
}

/* Leave no frame behind where calls at the end become jumps. */
TORTURE static void
hand_on(int left)
{
	arrive(left);
}

TORTURE static void
hand_on_twice(int left)
{
	if (left > 3)
		hand_on(left);
	else
		arrive(left);
}

TORTURE static int
compare(const void *one, const void *two)
{
	TORTURE_FRAME_GAP;
	torture_allocate();
	return *(const int *)one - *(const int *)two;
}

TORTURE static void
sort(int left)
{
	int numbers[3] = {left, 7, 3};
	TORTURE_FRAME;
	qsort(numbers, 3, sizeof(numbers[0]), compare);
	kept = numbers[0];
	calls_step(left);
	torture_allocate();
}

TORTURE static void
search(int left)
{
	static const int numbers[] = {1, 3, 5, 7, 9, 11, 13, 15, 17};
	size_t count = sizeof(numbers) / sizeof(numbers[0]);
	TORTURE_FRAME;
	kept = bsearch(&left, numbers, count, sizeof(numbers[0]), compare) != NULL;
	kept += lfind(&left, numbers, &count, sizeof(numbers[0]), compare) != NULL;
	calls_step(left);
	kept = 0;
}

/* Mixed: every second one is of the other kind. */
TORTURE void
calls_step(int left)
{
	static void (*const ways[])(int) = {hand_on, hand_on_twice, sort, search, pointers_step,
		pointers_alloca, pointers_tail};
	TORTURE_FRAME_GAP;
	if (left > 0)
		ways[torture_random(&seed) % 7](left - 1);
	else
		torture_allocate();
	kept = left;
}

/* Each of these is called once: through its stub and the loader's resolver. */
TORTURE static void
once(void)
{
	TORTURE_FRAME_GAP;
	torture_allocate();
}

TORTURE static void
visit(const void *node, VISIT which, int depth)
{
	TORTURE_FRAME_GAP;
	torture_allocate();
}

TORTURE static void
discard(void *node)
{
	TORTURE_FRAME_GAP;
	torture_allocate();
}

TORTURE static void
call_first(void)
{
	static pthread_once_t control = PTHREAD_ONCE_INIT;
	void *root = NULL;
	int keys[] = {2, 1, 3};
	TORTURE_FRAME;
	pthread_once(&control, once);
	for (int i = 0; i < 3; i++)
		tsearch(&keys[i], &root, compare);
	twalk(root, visit);
	tdestroy(root, discard);
	free(strdup("first"));
	torture_allocate();
}

int
main(void)
{
	call_first();
	for (int i = 0; i < ROUNDS; i++)
		calls_step((int)(torture_random(&seed) % DEEPEST));
	return torture_end();
}
