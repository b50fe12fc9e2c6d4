/*
 * The processes that write snapshots while the guest goes on: who is out, who is done, who died.
 * Called by snapshot.c under its lock, but for the one look that takes none.
 */
#ifndef PRELOAD_SNAPSHOT_SNAPSHOT_CHILDREN_H
#define PRELOAD_SNAPSHOT_SNAPSHOT_CHILDREN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { SNAPSHOT_CHILDREN_MAX = 4 };

/* This child writes the snapshot with this index. There is a place for it. */
void snapshot_children_add(pid_t pid, uint32_t index);

/* Takes note of the children that are done; returns how many work on. Never blocks. */
unsigned snapshot_children_reap(void);

/* Waits until fewer than `limit` children work, for at most the budget and a second. */
void snapshot_children_wait_below(unsigned limit);

/* What the snapshot says whose writer ended so, unless that has said its last word itself. */
void snapshot_children_tell_death(uint32_t index, int status);

/* Whether one may be out; without the lock. */
bool snapshot_children_are_out(void);

/* In a forked child of the guest: they are the parent's. */
void snapshot_children_forget(void);

#endif
