/* A word for every 16 bytes of memory that the guest's allocator hands out: what is known of a block
 * is found from its address alone, and what belongs to neighbours lies side by side. */
#ifndef PRELOAD_SHADOW_H
#define PRELOAD_SHADOW_H

#include <stdbool.h>
#include <stdint.h>

enum { SHADOW_GRANULE = 16, SHADOW_REGION = 1 << 20 };

/* The word of this address; 0 until somebody writes it, in its place for ever. NULL: there is none
 * yet, or where it is to be made: no memory for it. Takes no lock where the word is there. Blocks of
 * less than 16 bytes may share one. Words of one region (1 MiB) lie together. */
uint32_t *shadow_find(uint64_t address);
uint32_t *shadow_make(uint64_t address);

/* In a forked child no lock can be trusted. */
void shadow_after_fork(void);

#endif
