/* The process that looks through the guest's frozen memory. See snapshot.c. */
#ifndef PRELOAD_SNAPSHOT_CHILD_H
#define PRELOAD_SNAPSHOT_CHILD_H

#include "preload/snapshot_write.h"

#include <sys/types.h>

/* Starts the child that does this job and ends; it has no exit signal: reaped with __WCLONE.
 * `has_locks`: the caller could take the library's locks, so this takes hidden's as well. Returns its
 * pid, or -1. */
pid_t snapshot_child_start(struct snapshot_job *job, bool has_locks);

#endif
