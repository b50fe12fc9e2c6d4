/*
 * The state of the library in this process: one trace, its tables, and whether it is on. Everyone
 * in preload/ may read it; tracer.c alone changes it.
 *
 * The law of this room: never end, block, slow or change the guest. No malloc, no stdio, errno
 * kept, no lock held while unwinding or while calling the guest's code.
 */
#ifndef PRELOAD_PROCESS_TRACER_H
#define PRELOAD_PROCESS_TRACER_H

#include "preload/hold.h"
#include "profiles/profile.h"
#include "trace/writer.h"

struct tracer {
	struct trace_writer writer;
	struct trace_table sites, nodes, decisions, stacks, counters, modules, profiles, text,
	    snapshots, series;
	const struct profile *profile[64]; /* by number in the trace */
	uint32_t profile_count;
};

extern OWN struct tracer tracer;

/* Records that events ask for. What trace_table_at gives, with a constant divisor: a new stack has
 * as many nodes as frames, and a division for each of them would be most of what it costs. */
#define TRACER_RECORD(name, table)                                                                 \
	static inline struct trace_##name *tracer_##name(uint32_t index)                           \
	{                                                                                          \
		enum { PER_CHUNK = TRACE_CHUNK_PAYLOAD / sizeof(struct trace_##name) };            \
		uint8_t *chunk = (uint8_t *)tracer.table.chunks[index / PER_CHUNK];                \
                                                                                                   \
		return (struct trace_##name *)(void *)(chunk + TRACE_CHUNK_HEADER_SIZE) +          \
		       index % PER_CHUNK;                                                          \
	}
TRACER_RECORD(site, sites)
TRACER_RECORD(node, nodes)
TRACER_RECORD(decision, decisions)
TRACER_RECORD(stack, stacks)

/* Never NULL. While tracing it points at a page of its own with MADV_WIPEONFORK, which holds the
 * trace's header while this very process is traced. In a child made by fork, _Fork or raw clone it
 * reads NULL until tracer_child has given the child a trace of its own. */
extern OWN struct trace_header **tracer_live;

/* The header of this process's own trace; NULL: it is not traced. */
static inline struct trace_header *
tracer_header(void)
{
	return __atomic_load_n(tracer_live, __ATOMIC_RELAXED);
}

static inline bool
tracer_is_on(void)
{
	return tracer_header() != NULL;
}

/* Tracing goes on, in the trace that tracer.writer has now; not once it was stopped. */
void tracer_resume(void);

/* In a forked child whose page was not wiped: it is not traced until tracer_child. */
void tracer_suspend(void);

/* For the hooks, when it is not on: gives a forked child its trace. True: it is on now. */
bool tracer_wake(void);

/* Starts tracing: settings, profiles, unwinder, trace file. Called once, by the constructor. */
void tracer_start(void);

/* In a forked child: leaves the parent's trace and begins one of its own that continues the
 * parent's state (stacks, counters, live blocks). */
void tracer_child(void);

/* Stops tracing without a word: the hooks forward from now on. */
void tracer_off(void);

/* The same for good, also before tracing has begun and in children that have not; waits a moment
 * for events of other threads that are under way. */
void tracer_forbid(void);

/* Says `what` once on standard error ("maptrace: what"), keeps it in the trace, stops tracing; the
 * guest goes on. */
void tracer_stop(const char *what);

/* Says it once, keeps it in the trace, goes on tracing. */
void tracer_warn(const char *what);

/* Says it once, and does not keep it: of no concern to who reads the trace, or there is none. */
void tracer_say(const char *what);

/* Says it if nobody of all processes that were forked from the first that began to trace has used
 * this before: of a thousand children the first speaks. It is not kept: the trace that such a child
 * sees may still be its parent's. */
void tracer_warn_family(const char *what);

/* Before the first fork: the family begins here. */
void tracer_found_family(void);

/* The clock of the present trace starts now: in a forked child. */
void tracer_restart_clock(void);

/* Nanoseconds since the trace began. `coarse` costs less and is exact to 4 ms. */
uint64_t tracer_now(bool coarse);

#endif
