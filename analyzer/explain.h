/*
 * How much of a snapshot's bucket and overflow bytes by stack the maps explain, and what to think of
 * the rest. retained.c goes through the snapshots from the last to the first and calls this for each.
 */
#ifndef ANALYZER_EXPLAIN_H
#define ANALYZER_EXPLAIN_H

#include "analyzer/account.h"
#include "analyzer/model.h"

/* What the complete snapshots after the present one show. */
struct explain {
	struct account *next; /* the next one's accounts; NULL: there is none */
	uint64_t *least;      /* [stack_count]: fewest unreached bytes in any later one */
	uint64_t *late;       /* [profile_count]: scratch */
	uint64_t *claimed;    /* [profile_count]: scratch */
};

int explain_open(struct explain *explain, const struct trace *trace); /* -1: no memory */
void explain_close(struct explain *explain);

/* Fills roles, reached, by_stack, superseded and unexplained of a snapshot, whose `accounts` it
 * takes over. Call from the last snapshot to the first. */
void explain_snapshot(struct explain *explain, const struct model *model,
		      struct model_snapshot *snapshot, struct account *accounts);

#endif
