/*
 * Frames whose size or place hangs on the moment: alloca, arrays of variable length, locals that
 * want more alignment than the stack has, and all of them in turn, so that one call site is met at
 * many stack pointers.
 */
#include "test_programs/torture/torture.h"

#include <alloca.h>
#include <string.h>

enum {
	ROUNDS = 1500,
	DEPTH = 12,
};

static uint32_t seed = 7;
static volatile unsigned char sink;

static void descend(int left);

TORTURE static void
with_alloca(int left)
{
	size_t size = 1 + torture_random(&seed) % 900;
	TORTURE_FRAME;
	unsigned char *bytes = alloca(size);
	memset(bytes, left, size);
	torture_allocate();
	descend(left - 1);
	sink = bytes[size / 2];
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wvla"
TORTURE static void
with_variable_array(int left)
{
	size_t size = 1 + torture_random(&seed) % 300;
	TORTURE_FRAME;
	uint64_t words[size];
	memset(words, left, sizeof(words));
	descend(left - 1);
	torture_allocate();
	sink = (unsigned char)words[size - 1];
}
#pragma GCC diagnostic pop

TORTURE static void
with_alignment(int left)
{
	_Alignas(64) unsigned char lines[192];
	TORTURE_FRAME;
	memset(lines, left, sizeof(lines));
	torture_allocate();
	descend(left - 1);
	sink = lines[left & 127];
}

/* Both: the compiler keeps the argument pointer in a register of its own. */
TORTURE static void
with_alignment_and_alloca(int left)
{
	size_t size = 1 + torture_random(&seed) % 500;
	_Alignas(128) unsigned char lines[128];
	TORTURE_FRAME;
	unsigned char *bytes = alloca(size);
	memset(bytes, left, size);
	memset(lines, left, sizeof(lines));
	torture_allocate();
	descend(left - 1);
	torture_allocate();
	sink = (unsigned char)(lines[left & 127] + bytes[size - 1]);
}

typedef double wide __attribute__((vector_size(32)));

#if defined(__x86_64__)
__attribute__((target("avx")))
#endif
TORTURE static void
with_vectors(int left)
{
	volatile wide here = {1, 2, 3, 4};
	TORTURE_FRAME;
	torture_allocate();
	descend(left - 1);
	torture_allocate();
	sink = (unsigned char)here[left & 3];
}

#if defined(__x86_64__)
__attribute__((force_align_arg_pointer))
#endif
TORTURE static void
with_realigned_entry(int left)
{
	volatile int here = left;
	TORTURE_FRAME;
	descend(here - 1);
	torture_allocate();
}

TORTURE static void
with_large_frame(int left)
{
	volatile unsigned char page[9000];
	TORTURE_FRAME;
	page[0] = page[8999] = (unsigned char)left;
	torture_allocate();
	descend(left - 1);
	sink = page[0];
}

static bool
has_vectors(void)
{
#if defined(__x86_64__)
	return __builtin_cpu_supports("avx");
#else
	return true;
#endif
}

TORTURE static void
descend(int left)
{
	static void (*const ways[])(int) = {with_alloca, with_variable_array, with_alignment,
		with_alignment_and_alloca, with_realigned_entry, with_large_frame, with_vectors};
	TORTURE_FRAME;
	if (left > 0)
		ways[torture_random(&seed) % (has_vectors() ? 7 : 6)](left);
	else
		torture_allocate();
}

int
main(void)
{
	for (int i = 0; i < ROUNDS; i++)
		descend((int)(torture_random(&seed) % DEPTH));
	return torture_end();
}
