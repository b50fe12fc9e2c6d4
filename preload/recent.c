/*
 * Before a stack is looked up among all that are known (a hash over all its frames, a walk through as
 * many nodes of the trace) it is compared with the ones that this thread saw last.
 *
 *     innermost frames --> recent[0..7] | id, generation, count, cut | frames ... |
 *
 * Called by record.c at every allocation. Rules: a hit proves every frame equal; what was kept before
 * code moved (intern_forget) is never a hit.
 */
#include "preload/recent.h"

#include "preload/intern.h"

#include <string.h>

enum { INNERMOST = 4 };

/* Stacks through the same allocation wrapper differ a few frames further out only. */
static unsigned
recent_place(const uint64_t *pcs, size_t count)
{
	uint64_t mixed = count;

	for (size_t i = 0; i < count && i < INNERMOST; i++)
		mixed = (mixed ^ pcs[i]) * UINT64_C(0x9e3779b97f4a7c15);
	return (unsigned)(mixed >> 61);
}

uint32_t
recent_find(const struct thread *thread, size_t count, bool cut)
{
	const struct recent *recent = &thread->recent[recent_place(thread->pcs, count)];

	if (recent->count != count || recent->cut != cut ||
	    recent->generation != intern_generation() ||
	    memcmp(recent->pcs, thread->pcs, count * sizeof(recent->pcs[0])))
		return 0;
	return recent->id;
}

void
recent_keep(struct thread *thread, size_t count, bool cut, uint32_t id)
{
	struct recent *recent = &thread->recent[recent_place(thread->pcs, count)];

	if (count > RECENT_DEPTH)
		return;
	recent->id = id;
	recent->generation = intern_generation();
	recent->count = (uint32_t)count;
	recent->cut = cut;
	memcpy(recent->pcs, thread->pcs, count * sizeof(recent->pcs[0]));
}
