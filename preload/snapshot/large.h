/* The large blocks that are live now, and since when: arrays that stand are what snapshots are
 * for. */
#ifndef PRELOAD_SNAPSHOT_LARGE_H
#define PRELOAD_SNAPSHOT_LARGE_H

#include <stdbool.h>
#include <stdint.h>

#define LARGE_BYTES (256ull << 10)

/* A large block came, left. Where the table is full the largest are kept. */
void large_add(uint64_t address, uint64_t size, uint64_t now_ns);
void large_remove(uint64_t address);

/* Size of this block; 0: not a large one. Takes no lock; costs one cache line. */
uint64_t large_size(uint64_t address);

/* Of all that are in the table. */
uint64_t large_bytes(void);

/* When the next of them has stood for 1 s, 10 s, 100 s, ... without a look; TRACE_UNKNOWN: none
 * will. May be too early, after blocks left: large_review makes it exact. */
uint64_t large_due(void);

/* Those that were due at `passed_ns` have been looked at and wait for their next decade; 0:
 * none. */
void large_review(uint64_t passed_ns);

/* In a forked child: the lock may have been taken, and its clock starts anew. */
void large_after_fork(uint64_t now_ns);

#endif
