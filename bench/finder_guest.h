/*
 * The guests of the finder's benchmark (finder_bench.c): heaps in this very process, with a list of
 * their blocks as the ledger would hand it over.
 */
#ifndef BENCH_FINDER_GUEST_H
#define BENCH_FINDER_GUEST_H

#include "finder/finder.h"

enum { FINDER_GUEST_HIDDEN_MAX = 80 };

/* The one guest of this process. */
extern struct finder_guest {
	struct finder_block *blocks;
	size_t count, room;
	struct memory_range hidden[FINDER_GUEST_HIDDEN_MAX]; /* not the guest's */
	size_t hidden_count;
} finder_guest;

struct finder_guest_case {
	const char *name;      /* NULL: behind the last */
	void (*make)(size_t n);
	size_t n, blocks;      /* by default; at most so many blocks for each of n */
};
extern const struct finder_guest_case finder_guest_cases[];

/* Makes the guest, its blocks in no order. Once in a process; ends it where memory does not do. */
void finder_guest_make(const struct finder_guest_case *one, size_t n);

/* Memory that is none of the guest's, all zeros. Ends the process where there is none. */
void *finder_guest_hide(size_t size);

#endif
