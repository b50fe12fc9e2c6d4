/*
 * A guest's memory, copied into ours: what another process and a core file have in common once they
 * are read. Used by memory_process.c and memory_core.c only.
 *
 *     guest:  | data | bss |         | heap ........ |        | heap |
 *     copy:   | data | bss | heap ........ | heap |
 *
 * Neighbouring regions are neighbours in the copy, so a view may cross from one into the next. What
 * must never break: pages that the guest never touched are not touched in the copy, which is thus
 * never larger than the guest.
 */
#ifndef FINDER_MEMORY_COPY_H
#define FINDER_MEMORY_COPY_H

#include "finder/array.h"
#include "finder/memory.h"

struct memory_run { /* regions without a gap between them */
	uint64_t start, end;
	unsigned char *bytes;
};

struct memory_copy {
	struct array regions; /* struct memory_region, ascending, none overlaps another */
	struct array runs;    /* struct memory_run, ascending */
	unsigned char *bytes;
	const struct memory_run *last; /* of the last view */
};

/* Makes room for `copy->regions`, all zeros, and lets `memory` view it. Returns 0, or -1 with
 * errno. */
int memory_copy_open(struct memory_copy *copy, struct memory *memory);
void memory_copy_close(struct memory_copy *copy);

/* Where the copy of these bytes lies, to be written; NULL if not all of them are in regions. */
unsigned char *memory_copy_at(struct memory_copy *copy, uint64_t address, uint64_t size);

#endif
