/*
 * The sanitizers reserve terabytes of this process for themselves. A search of the process would
 * look at the state of each of those pages, for minutes, and find nothing of the test: the tests
 * that search themselves hide what is that large.
 */
#ifndef TEST_FINDER_SHADOW_H
#define TEST_FINDER_SHADOW_H

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "finder/memory.h"

enum { SHADOWS_MAX = 8 };

/* Fills ranges with the mappings of 64 GiB and more; returns how many there are. */
static inline size_t
find_shadows(struct memory_range ranges[SHADOWS_MAX])
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	size_t count = 0;

	while (maps && count < SHADOWS_MAX && fgets(line, sizeof(line), maps)) {
		struct memory_range *range = &ranges[count];

		if (sscanf(line, "%" SCNx64 "-%" SCNx64, &range->start, &range->end) == 2)
			count += range->end - range->start >= UINT64_C(64) << 30;
	}
	if (maps)
		fclose(maps);
	return count;
}

#endif
