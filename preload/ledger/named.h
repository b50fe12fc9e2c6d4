/*
 * The names that the program gave its maps, by the address of the map's object. Used by arena.c,
 * within a change and under its lock, and by a snapshot's writer where nothing changes.
 */
#ifndef PRELOAD_LEDGER_NAMED_H
#define PRELOAD_LEDGER_NAMED_H

#include "trace/format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A container may put an allocator before what its profile takes for the header: a name is that of
 * the first map that begins so few bytes behind it. */
enum { NAMED_MAX = 1024, NAMED_REACH = 32 };

/* Cut to fit. Replaces the name that is there. False: the table is full. */
bool named_put(uint64_t address, const char *name);
void named_remove(uint64_t address);

/* What lay in this memory is gone, and so are the names. */
void named_remove_range(uint64_t start, uint64_t end);

/* Which map each name goes to: the first that begins where the name was told, or less than
 * NAMED_REACH behind. */
struct named_firsts {
	uint64_t map[NAMED_MAX]; /* the map's address; 0: none */
};

void named_match(struct named_firsts *firsts, const struct trace_map *maps, size_t map_count);

/* The name of the map at this address, or NULL. */
const char *named_of(const struct named_firsts *firsts, uint64_t address);

#endif
