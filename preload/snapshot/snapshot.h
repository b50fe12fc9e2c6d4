/*
 * The state of all maps at one moment: a child made by raw clone reads its frozen copy of the
 * guest's memory, runs the finder and writes rows through the shared mapping. In place where fork
 * is refused.
 */
#ifndef PRELOAD_SNAPSHOT_SNAPSHOT_H
#define PRELOAD_SNAPSHOT_SNAPSHOT_H

#include "trace/format.h"

#include <stdbool.h>

/* Takes a snapshot now. `freeing`: see struct finder_input. Returns when the guest may go on; the
 * child still works. Nothing of ours may be locked. */
void snapshot_take(const char *label, enum trace_snapshot_cause cause, uint64_t freeing);

/* Takes the snapshot that the trace's header asks for (trace/request.h). At an event only. */
void snapshot_answer(uint64_t freeing);

/* Waits until the children are done, at most the budget plus a second; at exit. */
void snapshot_wait(void);

/* Reaps children that are done; never blocks, and costs one load where none is out. To be called at
 * events, so that no dead child stays in the guest's list of processes. */
void snapshot_reap(void);

/* In a forked child: the parent's snapshot children are not ours. */
void snapshot_after_fork(void);

#endif
