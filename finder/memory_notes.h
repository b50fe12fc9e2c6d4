/* The notes of a core file: what its threads held, and where its program lay. Used by memory_core.c
 * only. */
#ifndef FINDER_MEMORY_NOTES_H
#define FINDER_MEMORY_NOTES_H

#include "finder/memory_elf.h"

struct memory_notes {
	struct array threads;   /* struct memory_core_thread */
	uint64_t program_headers; /* address of the program's own program headers; 0: not told */
	uint64_t entry;           /* at which it begins; 0: not told */
};

/* Returns NULL, or why not (static text). Release notes->threads in both cases. */
const char *memory_notes_read(struct memory_notes *notes, const struct memory_elf *core);

#endif
