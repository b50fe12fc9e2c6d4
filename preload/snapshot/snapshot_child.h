/* The process that looks through the guest's frozen memory. See snapshot.c. */
#ifndef PRELOAD_SNAPSHOT_SNAPSHOT_CHILD_H
#define PRELOAD_SNAPSHOT_SNAPSHOT_CHILD_H

#include "preload/snapshot/snapshot_write.h"

#include <stdint.h>
#include <sys/types.h>

/* Starts the child that does this job and ends; it has no exit signal: reaped with __WCLONE.
 * `has_locks`: the caller could take the library's locks, so this takes hidden's as well. Returns
 * its pid, or -1. */
pid_t snapshot_child_start(struct snapshot_job *job, bool has_locks);

/* Does the job in a child that shares the guest's memory, to be called by the process's only
 * thread, which stands still until the child is gone. The library's locks are held, hidden's is
 * not. Returns -1 where no such child can be made, else 0 with how it ended and the processor's
 * time it took. */
int snapshot_child_visit(struct snapshot_job *job, int *status, uint64_t *cpu_ns);

/* Exit status of a visitor that met memory which cannot be read, though it is mapped so. */
enum { SNAPSHOT_CHILD_FELL = 17 };

#endif
