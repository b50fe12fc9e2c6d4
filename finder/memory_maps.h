/*
 * The lines of /proc/self/maps as regions of a guest. Used by memory_self.c only; apart, because
 * which mapping counts as what is a question of its own, and can be tested on plain text.
 */
#ifndef FINDER_MEMORY_MAPS_H
#define FINDER_MEMORY_MAPS_H

#include "finder/array.h"
#include "finder/memory.h"

struct memory_maps {
	const char *text;
	size_t size;
	const struct memory_range *hidden; /* any order */
	size_t hidden_count;
	const struct memory_range *own; /* hidden as well: the reader's own mappings */
	size_t own_count;
	uint64_t stack_pointer;
	bool is_frozen;
};

/* Appends struct memory_region, ascending, neighbours of one kind joined. Lines that cannot be read
 * are left out. Returns 0, or -1 with errno when memory was refused. */
int memory_maps_parse(const struct memory_maps *maps, struct array *regions);

#endif
