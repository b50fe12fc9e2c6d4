/* Functions with frame pointers, for a chain with others that use that register for anything. */
#include "test_programs/torture/pointers.h"

#include "test_programs/torture/torture.h"

#include <alloca.h>
#include <string.h>

static volatile unsigned char sink;

TORTURE void
pointers_step(int left)
{
	TORTURE_FRAME;
	if (left % 3 == 0)
		torture_allocate();
	calls_step(left);
	sink = (unsigned char)left;
}

TORTURE void
pointers_alloca(int left)
{
	size_t size = 16 + (size_t)left * 24;
	TORTURE_FRAME;
	unsigned char *bytes = alloca(size);
	memset(bytes, left, size);
	calls_step(left);
	torture_allocate();
	sink = bytes[size - 1];
}

TORTURE void
pointers_tail(int left)
{
	calls_step(left);
}
