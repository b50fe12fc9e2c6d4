/*
 * Snapshots that happen by themselves: when live bytes fell by a quarter since the last, and when
 * large arrays have stood for 1, 10, 100 s and so on; pauses under 2 % of the run, and never sooner
 * after the last than a tenth of the run so far (so their number grows with the logarithm of time).
 * And those that somebody asks for in the trace's header, at the next event.
 */
#ifndef PRELOAD_SNAPSHOT_TRIGGER_H
#define PRELOAD_SNAPSHOT_TRIGGER_H

#include "preload/hold.h"
#include "preload/process/tracer.h"

/* A block came or is about to leave. */
void trigger_allocation(uint64_t address, uint64_t size, uint64_t now_ns);
void trigger_free(uint64_t address, uint64_t size, uint64_t now_ns);

/* A Go runtime came, in the module whose file is mapped here. No event tells of its arrays, so it
 * counts as a large one that stands. */
void trigger_runtime(uint64_t file, uint64_t now_ns);

enum trigger_cause {
	TRIGGER_NONE = 0,
	TRIGGER_INTERVAL, /* by itself */
	TRIGGER_REQUEST,  /* somebody asks for it in the trace's header */
};

/* Whether a snapshot is due at this event; asked before a free happens and before an
 * allocation's own block is added. `leaving`: the block that is about to be freed or moved, 0 at an
 * allocation. Of several threads one is told INTERVAL; all are told REQUEST until one has claimed
 * it. */
enum trigger_cause trigger_is_due(uint64_t now_ns, uint64_t leaving);

/* Takes on the requests that nobody has answered: one thread gets true, and their last number. */
bool trigger_claim_request(uint32_t *number);

/* How many requests somebody has taken on. */
extern OWN uint32_t trigger_answered;

/* Whether somebody asks for a snapshot: two words in lines that are hardly ever written. */
static inline bool
trigger_is_asked(const struct trace_header *header)
{
	return __atomic_load_n(&header->requests, __ATOMIC_RELAXED) !=
	       __atomic_load_n(&trigger_answered, __ATOMIC_RELAXED);
}

/* Whether the next event tells if an array is being replaced: it has to be asked about. */
bool trigger_is_replacing(void);

/* Whether something waits for its moment: then one event in few is asked about, else one in
 * many. */
bool trigger_is_waiting(uint64_t now_ns);

/* A snapshot of any cause was taken: its pause and the live bytes then. */
void trigger_snapshot_taken(uint64_t now_ns, uint64_t pause_ns, uint64_t live_bytes);

/* One of those that happen by themselves is done: what it cost besides its pause. */
void trigger_snapshot_ended(uint64_t cost_ns);

void trigger_after_fork(void);

#endif
