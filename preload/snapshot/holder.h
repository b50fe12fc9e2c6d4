/*
 * Which thread's stack, and which function's frame in it, holds a map's header. Used around a
 * snapshot.
 */
#ifndef PRELOAD_SNAPSHOT_HOLDER_H
#define PRELOAD_SNAPSHOT_HOLDER_H

#include "finder/memory.h"
#include "preload/unwind/stack.h"

/* Before the snapshot, with no lock held: the present stack is looked at. `is_event`: within an
 * event of this thread; else the guest itself called, and nothing happens where it interrupted an
 * event. */
void holder_prepare(const struct caller *caller, bool is_event);

/* In the snapshot's memory: where the header lies on a thread's stack, fills where_base,
 * where_thread and, where the frame is known, where_pc and where_module. Takes no lock. */
void holder_find(struct memory *memory, struct trace_map *map);

#endif
