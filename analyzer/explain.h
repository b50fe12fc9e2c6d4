/*
 * How much of a snapshot's bucket and overflow bytes by stack the maps explain, and what to think
 * of the rest. retained.c goes through the snapshots from the last to the first and calls this for
 * each.
 */
#ifndef ANALYZER_EXPLAIN_H
#define ANALYZER_EXPLAIN_H

#include "analyzer/account.h"
#include "analyzer/model.h"

/* What the complete snapshots after the present one show; zeroed before the first call. */
struct explain {
	struct accounts next; /* of the next one */
	bool has_next;
};

void explain_close(struct explain *explain);

/* Fills roles, reached, by_stack, superseded and unexplained of a snapshot, whose `accounts` it
 * takes over. Call from the last snapshot to the first. */
void explain_snapshot(struct explain *explain, const struct model *model,
		      struct model_snapshot *snapshot, struct accounts *accounts);

#endif
