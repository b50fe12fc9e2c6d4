/*
 * Live bytes and blocks: of all, by stack and by role; peaks; the composition at the peak; the time
 * series. Plain atomics on the mapped trace for now.
 */
#ifndef PRELOAD_COUNTERS_H
#define PRELOAD_COUNTERS_H

#include <stdint.h>

/* A block of `size` bytes came to stack `stack`, or left it. */
void counters_add(uint32_t stack, uint64_t size);
void counters_remove(uint32_t stack, uint64_t size);

/* Adds a point to the series when enough time has passed since the last. */
void counters_tick(uint64_t now_ns);

#endif
