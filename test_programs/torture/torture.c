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
	OUTSIDE = 6,    /* frames of libc beyond the path */
	GAP = 24,       /* frames in a gap, at most */
	SHOWN = 5,
	BODY = 1024,    /* bytes of torture_allocate's code, roughly */
};

__thread struct torture_frame *torture_path;
static atomic_uint verified, wrong;

struct record {
	void *const *pcs;
	size_t count, most;
	size_t followed; /* the furthest frame that agreed with the path */
};

uint32_t
torture_random(uint32_t *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 8;
}

static void
tell_wrong(const char *what, const struct record *record, size_t frame)
{
	if (atomic_fetch_add(&wrong, 1) < SHOWN)
		fprintf(stderr, "torture: wrong %s: frame %zu of %zu is %p\n", what, frame,
		        record->count, frame < record->count ? record->pcs[frame] : NULL);
}

static size_t
depth(void)
{
	const char *asked = getenv("MAPTRACE_DEPTH");
	return asked ? (size_t)atoi(asked) : ROOM;
}

/* Whether the record from frame `at` on is the path from `frame` on. A gap ends at any frame from
 * which on the rest agrees: one return address may stand there more than once. */
static bool
follows(struct record *record, size_t at, const struct torture_frame *frame, size_t *end)
{
	for (; frame; frame = frame->outer, at++) {
		if (at == record->most)
			break;
		if (at >= record->count || record->pcs[at] != frame->pc)
			return false;
		if (at > record->followed)
			record->followed = at;
		if (frame->lost && record->count <= at + 2)
			break;
		if (!frame->gap || !frame->outer)
			continue;
		for (size_t skipped = 0; skipped <= GAP; skipped++) {
			if (follows(record, at + 1 + skipped, frame->outer, end))
				return true;
		}
		return false;
	}
	*end = at;
	return true;
}

static bool
is_rooted(void)
{
	const struct torture_frame *frame = torture_path;
	while (frame->outer)
		frame = frame->outer;
	return !frame->gap;
}

static void
verify(const void *block, const void *function)
{
	void *pcs[ROOM];
	struct record record = {pcs, maptrace_stack(block, pcs, ROOM), depth(), 0};
	size_t end = 0;
	if (!maptrace_is_active())
		return;
	atomic_fetch_add(&verified, 1);
	if (record.count == 0 || (uintptr_t)pcs[0] - (uintptr_t)function >= BODY)
		tell_wrong("allocation", &record, 0);
	else if (!follows(&record, 1, torture_path, &end))
		tell_wrong("path", &record, record.followed + 1);
	else if (is_rooted() && end < record.most && record.count > end + OUTSIDE)
		tell_wrong("end", &record, end);
}

TORTURE void
torture_allocate(void)
{
	TORTURE_FRAME;
	void *block = calloc(1, 24);
	verify(block, (const void *)torture_allocate);
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
	puts(torture_is_right() ? "right" : "wrong");
	if (maptrace_is_active())
		fprintf(stderr, "torture: %u stacks verified, %u wrong\n", atomic_load(&verified),
		        atomic_load(&wrong));
	return torture_is_right() ? 0 : 1;
}
