/* What a snapshot's writer does: the search and its rows. See snapshot.c. */
#ifndef PRELOAD_SNAPSHOT_SNAPSHOT_WRITE_H
#define PRELOAD_SNAPSHOT_SNAPSHOT_WRITE_H

#include "finder/finder.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct snapshot_job {
	uint32_t index;         /* of the record in the trace, which is published */
	bool is_frozen;         /* nobody moves the memory: else other threads go on meanwhile */
	bool is_copy;           /* in a forked child: what it will not need again it may give
	                         * back */
	uint64_t freeing;       /* see struct finder_input */
	uint64_t stack_pointer; /* of the thread that takes the snapshot */
	struct finder_block *blocks;
	size_t block_count;
	struct finder_block *rests; /* behind them: of blocks with sub-blocks what those leave */
	size_t rest_count;
	size_t mapped;
};

/* Copies the live blocks (snapshot_gather.c). With changes stopped, or frozen. 0, or -1: no
 * memory. */
int snapshot_gather(struct snapshot_job *job);

/* Searches, writes all rows and the record's last word. Takes no lock. */
void snapshot_write(struct snapshot_job *job);

/* The record's last word, where there is nothing to write: `reason` is cut to fit. */
void snapshot_cut(uint32_t index, const char *reason);

#endif
