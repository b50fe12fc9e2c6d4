/*
 * Copies the live blocks for a snapshot: those of the ledger, the sub-blocks of arenas, and what is
 * left of the blocks that hold them. Called by snapshot.c.
 *
 *     job->blocks   | of the ledger | sub-blocks, outer blocks without any |   what the finder sees
 *     job->rests    | outer blocks that have some: the bytes that they count |
 *
 * Rule: the sizes of both together are the live bytes.
 */
#include "preload/snapshot/snapshot_write.h"

#include "preload/hidden.h"
#include "preload/ledger/arena.h"
#include "preload/ledger/ledger.h"

#include <sys/mman.h>

static void
put_block(struct finder_block *into, const struct ledger_block *block)
{
	*into = (struct finder_block){ block->address, block->size, block->stack, TRACE_NONE };
}

/* Never more than were counted. */
static void
gather_block(const struct ledger_block *block, void *context)
{
	struct snapshot_job *job = context;

	if (&job->blocks[job->block_count] < job->rests)
		put_block(&job->blocks[job->block_count++], block);
}

static void
count_part(const struct ledger_block *block, bool is_rest, void *context)
{
	size_t *counts = context;

	(void)block;
	counts[is_rest]++;
}

static void
gather_part(const struct ledger_block *block, bool is_rest, void *context)
{
	struct snapshot_job *job = context;

	if (is_rest)
		put_block(&job->rests[job->rest_count++], block);
	else
		gather_block(block, job);
}

int
snapshot_gather(struct snapshot_job *job)
{
	size_t count = ledger_count(), parts[2] = { 0, 0 };

	arena_each(count_part, parts);
	job->block_count = job->rest_count = 0;
	job->mapped = (count + parts[false] + parts[true] + 1) * sizeof(*job->blocks);
	job->blocks = hidden_map(job->mapped);
	if (!job->blocks)
		return -1;
	/* All of it is written at once, and read all over: large pages where all of one lies in
	 * it. */
	madvise(job->blocks, job->mapped, MADV_HUGEPAGE);
	job->rests = job->blocks + count + parts[false];
	if (job->is_copy)
		ledger_drain(gather_block, job);
	else
		ledger_each(gather_block, job);
	arena_each(gather_part, job);
	return 0;
}
