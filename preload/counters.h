/*
 * Live bytes and blocks: of all, by stack and by role; peaks; the composition at the peak; the time
 * series. They live in the mapped trace, behind one lock: exact for any number of threads. A later
 * one batches them per thread.
 */
#ifndef PRELOAD_COUNTERS_H
#define PRELOAD_COUNTERS_H

#include <stdint.h>

/* A block of `size` bytes came to stack `stack`, or left it. */
void counters_add(uint32_t stack, uint64_t size);
void counters_remove(uint32_t stack, uint64_t size);

/* A block came back to its stack after a realloc that failed: no allocation of the guest's. */
void counters_undo_remove(uint32_t stack, uint64_t size);

/* An allocation that could not be recorded. */
void counters_unrecorded(void);

/* Moves the trace's clock; adds a point to the series when enough time has passed since the last. */
void counters_tick(uint64_t now_ns);

/* Around fork, and while a snapshot copies what is live. */
void counters_lock(void);
void counters_unlock(void);

/* In a forked child's fresh trace: all counters are 0, for the live blocks to be added again. */
void counters_restart(void);

/* They have been: what comes from now on is the child's own. */
void counters_restarted(void);

/* What this process allocated itself, without what a forked child inherited: bytes that had a map's
 * role by stack; and by how much live bytes at their peak went over those that it began with. */
uint64_t counters_own_map_bytes(void);
uint64_t counters_own_peak(void);

/* In a forked child: no lock can be trusted; the series starts anew. */
void counters_after_fork(void);

#endif
