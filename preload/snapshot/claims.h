/*
 * What a snapshot's maps own, added up by stack, profile and role: few sums of up to one claim for
 * each block. Called by snapshot_write.c.
 */
#ifndef PRELOAD_SNAPSHOT_CLAIMS_H
#define PRELOAD_SNAPSHOT_CLAIMS_H

#include "finder/finder.h"

#include <stddef.h>

struct claims {
	struct trace_claim *slots; /* [room]; blocks 0: a free one */
	size_t room, used;
};

/* Adds up all claims of the result on these blocks. 0, or -1: no memory. `claims` starts as zeros
 * and is released either way. */
int claims_sum(struct claims *claims, const struct finder_block *blocks,
               const struct finder_result *found);
void claims_release(struct claims *claims);

#endif
