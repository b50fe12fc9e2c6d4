/*
 * Another process as a guest: all of its private memory, copied at one moment. Called by the
 * analyzer, which stops the process for as long as this takes; what is copied stays true whatever
 * the process does afterwards.
 *
 *     stopped   maps, pagemap, copy          let go   every view
 *
 * What must never break: nothing is written to the process, and pages that it never touched are
 * not read.
 */
#ifndef FINDER_MEMORY_PROCESS_H
#define FINDER_MEMORY_PROCESS_H

#include "finder/memory_copy.h"
#include "finder/memory_pages.h"

#include <sys/types.h>

struct memory_process {
	struct memory memory; /* `context` is `copy` */
	struct memory_copy copy;
	struct memory_pages pages;
	uint64_t image; /* where the program's file is mapped: its ELF header; 0: nowhere */
	uint64_t copied_bytes;
	uint64_t unread_bytes; /* of pages that are there and could not be read: zeros in the
	                        * copy */
};

/* Copies the writable memory of the process, and what its program at `program` (as /proc/PID/maps
 * names it) has mapped to read only. Returns 0, or -1 with errno: EACCES, EPERM where it may not be
 * read, ESRCH or ENOENT where it is gone. Close in both cases. */
int memory_open_process(struct memory_process *process, pid_t pid, const char *program);
void memory_close_process(struct memory_process *process);

#endif
