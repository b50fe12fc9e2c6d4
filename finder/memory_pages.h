/*
 * What the kernel says of the pages of all regions: which are in physical memory, and which were
 * never touched. Asked when memory is opened, because the search itself makes pages resident by
 * looking at them. Used by memory_self.c and memory_process.c only.
 */
#ifndef FINDER_MEMORY_PAGES_H
#define FINDER_MEMORY_PAGES_H

#include "finder/memory.h"

struct memory_pages {
	int fd;           /* of pagemap, or -1: the kernel does not tell */
	uint64_t *starts; /* [region_count + 1]: pages in the regions before it; NULL: nothing
	                   * listed */
	uint8_t *states;  /* two bits a page */
	bool *is_listed;  /* [region_count]: `states` has its pages */
};

/* `path`: /proc/self/pagemap or another process's. Where the kernel does not tell or memory is
 * refused, less is known later. */
void memory_pages_open(struct memory_pages *pages, const struct memory *memory, const char *path);
void memory_pages_close(struct memory_pages *pages);

uint64_t memory_pages_resident(const struct memory_pages *pages, const struct memory *memory,
                               uint64_t address, uint64_t size);
bool memory_pages_are_blank(const struct memory_pages *pages, const struct memory *memory,
                            uint64_t address, uint64_t size);

#endif
