/*
 * Where a snapshot's search shall run: in a forked copy of the guest, or as a visit to its own
 * memory while it stands still. Asked by snapshot.c with the ledger at rest.
 */
#ifndef PRELOAD_SNAPSHOT_SNAPSHOT_WAY_H
#define PRELOAD_SNAPSHOT_SNAPSHOT_WAY_H

#include "trace/format.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether to visit. Never where the process has another thread: that would write meanwhile. */
bool snapshot_way_is_visit(enum trace_snapshot_cause cause);

/* What the visit that was decided upon last took of the processor. */
void snapshot_way_took(uint64_t cpu_ns);

/* It met memory that cannot be read: no more visits. */
void snapshot_way_fell(void);

#endif
