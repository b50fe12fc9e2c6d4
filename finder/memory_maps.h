/*
 * The lines of /proc/PID/maps as regions of a guest. Used by memory_self.c and memory_process.c
 * only; apart, because which mapping counts as what is a question of its own, and can be tested on
 * plain text.
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
	const char *constants_of; /* path of the module whose read-only segments are wanted as well;
	                           * NULL: of none */
};

/* Memory for the text of a maps file, reserved at once: growing it would move it between two reads,
 * and a line would speak of a mapping that is gone. array_unmap it. NULL with errno. */
char *memory_maps_room(size_t *room);

/* The text of the file at `path`, as far as there is room; 0 with errno: none. */
size_t memory_maps_read(const char *path, char *text, size_t room);

/* Appends struct memory_region, ascending, neighbours of one kind joined. Lines that cannot be read
 * are left out. Returns 0, or -1 with errno when memory was refused. */
int memory_maps_parse(const struct memory_maps *maps, struct array *regions);

#endif
