/* The library's own memory, by address: its mappings, which the finder must not search. Everything
 * that this room maps goes through here. */
#ifndef PRELOAD_HIDDEN_H
#define PRELOAD_HIDDEN_H

#include "finder/memory.h"

#include <stddef.h>
#include <stdint.h>

/* Anonymous private memory, zeroed; NULL with errno. Registered as hidden. */
void *hidden_map(size_t size);
/* The same for what is read all over: from 2 MiB on, which `size` is then a multiple of, in huge
 * pages where the system has them. */
void *hidden_map_huge(size_t size);

void hidden_unmap(void *at, size_t size);

/* Registers memory that was mapped elsewhere (our .data and .bss, the trace's chunks are shared
 * mappings and left out by themselves). */
void hidden_add(uint64_t start, uint64_t end);

/* Ascending ranges; at most `room`. */
size_t hidden_copy(struct memory_range *into, size_t room);

/* Around fork, so that the child's copy is whole; nothing may be mapped in between. */
void hidden_lock(void);
void hidden_unlock(void);

/* In a forked child no lock can be trusted. */
void hidden_after_fork(void);

#endif
