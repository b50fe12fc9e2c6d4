/* How the tables of index.c and nodes.c grow, which are made of cache lines. */
#ifndef PRELOAD_STACKS_LINES_H
#define PRELOAD_STACKS_LINES_H

#include <stddef.h>

enum { LINE_SIZE = 64, LINES_HUGE_PAGE = 2 * 1024 * 1024 };

/* How many lines the table after one of so many has: twice as many, or half as many again, in whole
 * large pages, where it is large. */
static inline size_t
lines_after(size_t lines)
{
	size_t size = lines * LINE_SIZE;

	if (size < LINES_HUGE_PAGE)
		return 2 * lines;
	size = (size / 2 * 3 + LINES_HUGE_PAGE - 1) / LINES_HUGE_PAGE * LINES_HUGE_PAGE;
	return size / LINE_SIZE;
}

#endif
