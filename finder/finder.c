/*
 * The order of a search; see finder.h and state.h. First all of memory is scanned for candidates
 * and only the cheap steps of their proofs run. Then they are proved in order of rank, walks
 * included, so that a table is walked once: whoever points at an array that has an owner by then is
 * no map.
 */
#include "finder/finder.h"

#include "finder/attribute.h"
#include "finder/prove.h"
#include "finder/refuse.h"
#include "finder/scan.h"
#include "finder/state.h"

#include <errno.h>
#include <time.h>

enum { TICKS = 4096 }; /* calls between two looks at the clock */

static uint64_t
now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

bool
finder_is_late(struct finder *finder)
{
	if (finder->deadline_ns && !finder->is_late && finder->ticks++ % TICKS == 0)
		finder->is_late = now_ns() >= finder->deadline_ns;
	return finder->is_late;
}

static void
prove_next(struct finder *finder, const struct candidate *candidate)
{
	uint32_t owner = finder->blocks.at[candidate->block].map;
	if (owner != TRACE_NONE) {
		const struct trace_map *map = (struct trace_map *)finder->maps.at + owner;
		bool is_same = map->address == candidate->header &&
		               map->profile == finder->input->profile_ids[candidate->profile];
		if (!is_same)
			refuse_note_claimed(finder, candidate);
		return;
	}
	enum proof_result result = prove_candidate(finder, candidate, true);
	if (result == PROOF_TRUE)
		result = attribute_map(finder);
	if (result == PROOF_TRUE)
		return;
	if (result == PROOF_REFUSED)
		refuse_note(finder);
	attribute_undo(finder);
}

static int
prove_all(struct finder *finder)
{
	const struct candidate *candidates = finder->candidates.at;
	for (size_t i = 0; i < finder->candidates.count; i++) {
		if (finder_is_late(finder))
			break;
		prove_next(finder, &candidates[i]);
		if (finder->is_out_of_memory)
			return -1;
	}
	return 0;
}

/* The scan may use three quarters of the time: a header that nobody proves is worth nothing. */
static uint64_t
scan_deadline(uint64_t deadline)
{
	uint64_t now = now_ns();
	return deadline > now ? now + (deadline - now) / 4 * 3 : deadline;
}

static int
search(struct finder *finder, struct finder_result *result)
{
	uint64_t deadline = finder->input->deadline_ns;
	finder->deadline_ns = deadline ? scan_deadline(deadline) : 0;
	if (scan_memory(finder, result) != 0)
		return -1;
	if (finder->is_late)
		result->reason = "out of time while searching memory for map headers";
	finder->deadline_ns = deadline;
	finder->is_late = false;
	finder->ticks = 0;
	if (prove_all(finder) != 0)
		return -1;
	if (finder->is_late && !result->reason)
		result->reason = "out of time while walking maps";
	result->is_complete = !result->reason;
	return 0;
}

/* Hands the arrays over; from here on they are the result's. */
static void
give(struct finder *finder, struct finder_result *result)
{
	result->maps = finder->maps.at;
	result->map_count = finder->maps.count;
	result->claims = finder->claims.at;
	result->claim_count = finder->claims.count;
	result->refused = finder->refused.at;
	result->refused_count = finder->refused.count;
	finder->maps = finder->claims = finder->refused = (struct array){0};
}

static void
close_finder(struct finder *finder)
{
	blocks_close(&finder->blocks);
	array_release(&finder->candidates);
	array_release(&finder->refusals);
	array_release(&finder->values);
	array_release(&finder->maps);
	array_release(&finder->claims);
	array_release(&finder->refused);
	for (size_t i = 0; i < PROFILE_WALKS_MAX; i++)
		array_unmap(finder->entries[i].at);
	array_unmap(finder->marks);
	array_unmap(finder);
}

int
finder_run(const struct finder_input *input, struct finder_result *result)
{
	int status = -1;
	*result = (struct finder_result){0};
	struct finder *finder = array_map(sizeof(*finder));
	if (!finder)
		return -1;
	finder->input = input;
	finder->memory = input->memory;
	finder->view = prove_view(finder);
	if (blocks_open(&finder->blocks, input->blocks, input->block_count) != 0)
		goto out;
	finder->freeing = input->freeing ? blocks_at(&finder->blocks, input->freeing)
	                                 : BLOCKS_NONE;
	if (search(finder, result) != 0 || attribute_values(finder) != 0 ||
	    refuse_add_up(finder) != 0)
		goto out;
	give(finder, result);
	status = 0;
out:
	if (status != 0)
		*result = (struct finder_result){0};
	close_finder(finder);
	if (status != 0)
		errno = ENOMEM;
	return status;
}

void
finder_release(struct finder_result *result)
{
	array_unmap(result->maps);
	array_unmap(result->claims);
	array_unmap(result->refused);
	*result = (struct finder_result){0};
}
