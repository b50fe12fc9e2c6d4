/*
 * The truth of torture.h held against the library's record. Called by every program of this folder.
 */
#include "test_programs/torture/torture.h"

#include <maptrace.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ROOM = 512,     /* the most that the library records, unless MAPTRACE_DEPTH says less */
	OUTSIDE = 6,    /* frames of libc beyond the path, and in a gap */
	SHOWN = 5,
	BODY = 1024,    /* bytes of torture_allocate's code, roughly */
};

__thread struct torture_frame *torture_path;
static atomic_uint allocations, verified, wrong;

uint32_t
torture_random(uint32_t *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 8;
}

static void
tell_wrong(const char *what, size_t frame, size_t count, const void *recorded, const void *truth)
{
	if (atomic_fetch_add(&wrong, 1) < SHOWN)
		fprintf(stderr, "torture: %s: frame %zu of %zu recorded is %p, in truth %p\n", what,
		        frame, count, recorded, truth);
}

static size_t
depth(void)
{
	const char *asked = getenv("MAPTRACE_DEPTH");
	return asked ? (size_t)atoi(asked) : ROOM;
}

/* From frame `at` on, the path. Returns where the record is beyond it, or 0: wrong, and told. */
static size_t
follow_path(void *const *pcs, size_t count, size_t at)
{
	size_t most = depth();
	for (const struct torture_frame *frame = torture_path; frame; frame = frame->outer, at++) {
		if (at == most)
			return at;
		if (at >= count || pcs[at] != frame->pc) {
			tell_wrong("path", at, count, at < count ? pcs[at] : NULL, frame->pc);
			return 0;
		}
		if (frame->gap && frame->outer) {
			size_t skipped = 0;
			while (skipped < OUTSIDE && at + 1 < count &&
			       pcs[at + 1] != frame->outer->pc) {
				skipped++;
				at++;
			}
		}
	}
	return at;
}

static void
verify(const void *block, const void *function, bool is_rooted)
{
	void *pcs[ROOM];
	size_t count = maptrace_stack(block, pcs, ROOM);
	if (!maptrace_is_active())
		return;
	atomic_fetch_add(&verified, 1);
	if (count == 0 || (uintptr_t)pcs[0] - (uintptr_t)function >= BODY) {
		tell_wrong("innermost", 0, count, count ? pcs[0] : NULL, function);
		return;
	}
	size_t beyond = follow_path(pcs, count, 1);
	if (beyond && is_rooted && count < depth() && count - beyond > OUTSIDE)
		tell_wrong("end", beyond + OUTSIDE, count, pcs[beyond + OUTSIDE], NULL);
}

TORTURE void
torture_allocate(void)
{
	TORTURE_FRAME;
	void *block = malloc(24);
	atomic_fetch_add(&allocations, 1);
	verify(block, (const void *)torture_allocate, true);
	free(block);
}

TORTURE void
torture_allocate_unrooted(void)
{
	TORTURE_FRAME;
	void *block = malloc(24);
	atomic_fetch_add(&allocations, 1);
	verify(block, (const void *)torture_allocate_unrooted, false);
	free(block);
}

bool
torture_is_right(void)
{
	return atomic_load(&wrong) == 0;
}

int
torture_end(void)
{
	printf("%u allocations\n", atomic_load(&allocations));
	if (maptrace_is_active())
		fprintf(stderr, "torture: %u stacks verified, %u wrong\n", atomic_load(&verified),
		        atomic_load(&wrong));
	return torture_is_right() ? 0 : 1;
}
