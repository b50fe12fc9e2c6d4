/*
 * Most forked children end or exec within a moment and have nothing to tell: a file for each would
 * cost more than all that they do. So a child counts in memory of its own first.
 *
 *     parent's trace --fork, first event--> draft --something to tell--> file, same addresses
 *                                             '----- ends, execs ------> nothing
 *
 *     header                 in private memory
 *     tables that go on      the parent's, read only; the last chunk copied when a record comes
 *     counters               anew
 *
 * Something to tell: map bytes of its own, 64 KiB of its own, a second thread, a snapshot; or it
 * has lived for a while. While the draft is open every event goes the slow way, which asks.
 *
 * Called by fork.c, slow.c, counters.c, snapshot.c, ending.c. Rules: no address that an event may
 * hold moves when the draft becomes a file; nothing of the parent's trace is written.
 */
#include "preload/process/draft.h"

#include "preload/ledger/change.h"
#include "preload/ledger/counters.h"
#include "preload/process/settings.h"
#include "preload/process/tracer.h"
#include "preload/shield.h"
#include "preload/stacks/intern.h"
#include "preload/text.h"

#include <errno.h>
#include <string.h>

#define DRAFT_NS UINT64_C(100000000)

uint32_t draft_state;

static struct trace_table *const goes_on[] = { &tracer.text, &tracer.profiles, &tracer.modules,
	&tracer.sites, &tracer.nodes, &tracer.decisions, &tracer.stacks };
static struct trace_table *const anew[] = { &tracer.counters, &tracer.snapshots, &tracer.series };

enum { GOES_ON = sizeof(goes_on) / sizeof(goes_on[0]), ANEW = sizeof(anew) / sizeof(anew[0]) };

int
draft_begin(void)
{
	struct trace_writer own, old = tracer.writer;
	char path[TRACE_PATH_MAX];

	if (settings_trace_path(path, sizeof(path), old.header->program))
		return -1;
	if (trace_draft(&own, path, old.header->program))
		return -1;
	own.header->flags = old.header->flags | TRACE_FORKED;
	own.header->threads_seen = 1;
	for (size_t i = 0; i < GOES_ON; i++)
		trace_table_borrow(goes_on[i]);
	for (size_t i = 0; i < ANEW; i++)
		trace_table_empty(anew[i]);
	tracer.writer = own;
	trace_leave(&old);
	__atomic_store_n(&draft_state, DRAFT_OPEN, __ATOMIC_RELAXED);
	return 0;
}

void
draft_detach(void)
{
	if (tracer.writer.is_draft)
		return;
	trace_detach(&tracer.writer);
	for (size_t i = 0; i < GOES_ON; i++)
		trace_table_detach(goes_on[i]);
	for (size_t i = 0; i < ANEW; i++)
		trace_table_detach(anew[i]);
}

/* ---- a file after all */

static int
draft_clone_tables(struct trace_writer *own)
{
	for (size_t i = 0; i < GOES_ON; i++) {
		if (trace_table_clone(own, goes_on[i]))
			return -1;
	}
	for (size_t i = 0; i < ANEW; i++) {
		if (trace_table_clone(own, anew[i]))
			return -1;
	}
	return 0;
}

static int
draft_write(void)
{
	struct trace_writer own;

	if (trace_create(&own, tracer.writer.path, tracer.writer.header->program))
		return -1;
	trace_continue(own.header, tracer.writer.header);
	if (draft_clone_tables(&own) || trace_take_place(&own, tracer.writer.header)) {
		trace_abandon(&own);
		return -1;
	}
	tracer.writer = own;
	return 0;
}

void
draft_give_up(const char *path, int error)
{
	char sentence[TRACE_PATH_MAX + 160];

	tracer_off();
	text_join(sentence, sizeof(sentence), "cannot give this process its own trace ",
	          path[0] ? path : settings.out, ": ", strerrordesc_np(error),
	          "; it goes on untraced, as will other children that cannot have one", NULL);
	tracer_warn_family(sentence);
}

/* Returns 0, or what went wrong. */
static int
draft_close(void)
{
	int error = 0;

	if (!draft_is_open())
		return 0;
	if (draft_write())
		error = errno;
	__atomic_store_n(&draft_state, error ? DRAFT_DROPPED : DRAFT_NONE, __ATOMIC_RELAXED);
	return error;
}

bool
draft_settle(bool takes_locks)
{
	struct shield shield;
	int error;

	if (__builtin_expect(__atomic_load_n(&draft_state, __ATOMIC_RELAXED) == DRAFT_NONE, 1))
		return true;
	shield_raise(&shield);
	if (takes_locks) {
		intern_lock();
		change_stop();
		counters_lock();
	}
	error = draft_close();
	if (takes_locks) {
		counters_unlock();
		change_resume();
		intern_unlock();
	}
	if (error)
		draft_give_up(tracer.writer.path, error);
	shield_lower(&shield);
	return __atomic_load_n(&draft_state, __ATOMIC_RELAXED) == DRAFT_NONE;
}

void
draft_look(uint32_t stack, uint64_t now_ns)
{
	const struct trace_decision *known = tracer_decision(tracer_stack(stack)->decision);

	if (known->role != TRACE_OTHER || known->split_role != TRACE_OTHER || now_ns >= DRAFT_NS ||
	    counters_own_peak() >= COUNTERS_LITTLE_BYTES)
		draft_settle(true);
}

/* ---- or nothing */

bool
draft_drop(void)
{
	if (!draft_is_open())
		return false;
	__atomic_store_n(&draft_state, DRAFT_DROPPED, __ATOMIC_RELAXED);
	return true;
}

void
draft_revive(void)
{
	if (__atomic_load_n(&draft_state, __ATOMIC_RELAXED) == DRAFT_DROPPED)
		__atomic_store_n(&draft_state, DRAFT_OPEN, __ATOMIC_RELAXED);
}
