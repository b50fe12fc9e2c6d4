/*
 * The names that the program gave its maps, by the address of the map's object. Used by arena.c,
 * within a change and under its lock, and by a snapshot's writer where nothing changes.
 */
#ifndef PRELOAD_NAMED_H
#define PRELOAD_NAMED_H

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

/* The names of these maps, each with the address of its map, in order of address. Each name goes to
 * the first map that begins where it was told, or less than NAMED_REACH behind; others are left
 * out. Returns how many. */
size_t named_match(const struct trace_map *maps, size_t map_count,
                   struct trace_name into[NAMED_MAX]);

#endif
