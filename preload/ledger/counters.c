/*
 * Counting in place, in the records of the trace. Called by books.c; the straight way is in
 * counters.h.
 *
 * The composition at the peak costs no log: peak_epoch moves with each new maximum; a counter that
 * changes for the first time since then first saves what it was.
 *
 *     event       live  peak  peak_epoch | stack A: live saved epoch | stack B: live saved epoch
 *     A +10         10    10           1 |            10     0     0 |             0     0     0
 *     B +5          15    15           1 |            10     0     0 |             5     0     0
 *     A -10          5    15           1 |             0    10     1 |             5     0     0
 *     at the peak: A epoch == 1, so saved 10; B epoch != 1, so live 5
 *
 * Rules: save before the change, move the epoch before a rise; every store is whole, since the file
 * is read while the guest runs and after it was killed. A counter is written by the thread that has
 * its page alone.
 */
#include "preload/ledger/counters.h"

#include "preload/hidden.h"
#include "preload/ledger/change.h"
#include "preload/lock.h"
#include "preload/process/draft.h"
#include "preload/shield.h"

#include <string.h>

#define SERIES_FIRST_INTERVAL_NS UINT64_C(1000000)

enum { PAGES_FIRST = 512 };

static uint32_t lock;
static uint64_t series_interval = SERIES_FIRST_INTERVAL_NS, series_next;
static uint64_t inherited_map_bytes, inherited_bytes; /* of a forked child */
static bool is_shared; /* there has been a second thread */

/* ---- pages */

static bool
pages_reach(struct thread *thread, uint32_t page)
{
	uint32_t limit = thread->page_limit ? thread->page_limit : PAGES_FIRST;
	struct trace_counters **pages, **outgrown = thread->pages;
	uint32_t outgrown_limit = thread->page_limit;

	if (page < thread->page_limit)
		return true;
	while (limit <= page)
		limit *= 2;
	pages = hidden_map(limit * sizeof(*pages));
	if (!pages)
		return false;
	if (outgrown)
		memcpy(pages, outgrown, outgrown_limit * sizeof(*pages));
	/* _Fork may come at any moment */
	__atomic_store_n(&thread->pages, pages, __ATOMIC_RELEASE);
	thread->page_limit = limit;
	if (outgrown)
		hidden_unmap(outgrown, outgrown_limit * sizeof(*pages));
	return true;
}

struct trace_counter *
counters_make(struct thread *thread, uint32_t stack)
{
	uint32_t page = stack / TRACE_COUNTERS;
	struct trace_counters *made;
	struct shield shield;

	shield_raise(&shield);
	if (!pages_reach(thread, page))
		goto out;
	lock_take(&lock);
	made = trace_table_next(&tracer.writer, &tracer.counters);
	if (made) {
		made->first = page * TRACE_COUNTERS;
		made->thread = thread->number;
		trace_table_publish(&tracer.writer, &tracer.counters);
		thread->pages[page] = made;
	}
	lock_release(&lock);
out:
	shield_lower(&shield);
	return counters_of(thread, stack);
}

/* ---- what threads share */

static void
counters_raise(uint64_t *peak, uint64_t value)
{
	uint64_t known = __atomic_load_n(peak, __ATOMIC_RELAXED);

	while ((int64_t)value > (int64_t)known &&
	       !__atomic_compare_exchange_n(peak, &known, value, true, __ATOMIC_RELAXED,
	                                    __ATOMIC_RELAXED))
		;
}

static void
counters_flush_roles(struct thread *thread, struct trace_header *header)
{
	for (int role = 0; role < TRACE_ROLES; role++) {
		uint64_t change = (uint64_t)thread->unflushed_roles[role], live;

		if (!change)
			continue;
		thread->unflushed_roles[role] = 0;
		live = __atomic_add_fetch(&header->role_bytes[role], change, __ATOMIC_RELAXED);
		counters_raise(&header->role_peak_bytes[role], live);
	}
}

static void
counters_flush(struct thread *thread)
{
	struct trace_header *header = tracer.writer.header;
	uint64_t live;

	counters_flush_roles(thread, header);
	live = __atomic_add_fetch(&header->live_bytes, (uint64_t)thread->unflushed,
	                          __ATOMIC_RELAXED);
	thread->unflushed = 0;
	if ((int64_t)live <= (int64_t)__atomic_load_n(&header->peak_bytes, __ATOMIC_RELAXED))
		return;
	counters_raise(&header->peak_bytes, live);
	counters_set(&header->peak_ns, header->last_event_ns);
	__atomic_fetch_add(&header->peak_epoch, 1, __ATOMIC_RELEASE);
}

void
counters_flush_if_due(struct thread *thread)
{
	bool is_due = counters_is_much(thread->unflushed);

	for (int role = 0; role < TRACE_ROLES; role++)
		is_due = is_due || counters_is_much(thread->unflushed_roles[role]);
	if (is_due)
		counters_flush(thread);
}

/* The bytes of a block of `size` that have the stack's first role. */
static uint64_t
counters_share(const struct trace_decision *stack, uint64_t size)
{
	uint64_t whole = stack->split_whole, share = stack->split_share;

	return size / whole * share + size % whole * share / whole;
}

__attribute__((noinline)) void
counters_move_split(struct thread *thread, uint32_t id, uint64_t size, int64_t sign)
{
	const struct trace_decision *stack = tracer_decision(tracer_stack(id)->decision);
	struct trace_header *header = tracer.writer.header;
	uint64_t first = counters_share(stack, size);

	counters_move_role(thread, header, stack->role, (uint64_t)sign * first);
	counters_move_role(thread, header, stack->split_role, (uint64_t)sign * (size - first));
}

uint32_t
counters_take_note(struct trace_counter *counter, uint32_t stack)
{
	const struct trace_decision *known = tracer_decision(tracer_stack(stack)->decision);
	bool is_split = known->split_share < known->split_whole;

	counter->note = is_split ? COUNTERS_SPLIT : known->role + 1u;
	return counter->note;
}

static void
counters_share_thread(struct thread *thread, void *unused)
{
	thread->is_alone = false;
}

/* With the second thread the first one's way ends: it may be on it at this moment. */
void
counters_begin_thread(struct thread *thread, uint32_t threads_now)
{
	thread->is_at_peak = false;
	thread->is_alone = threads_now == 1 && !__atomic_load_n(&is_shared, __ATOMIC_RELAXED);
	if (thread->is_alone || __atomic_exchange_n(&is_shared, true, __ATOMIC_RELAXED))
		return;
	draft_settle(true);
	change_stop();
	thread_each(counters_share_thread, NULL);
	change_resume();
	if (tracer.writer.header)
		__atomic_store_n(&tracer.writer.header->peak_slack_bytes_log2, COUNTERS_SLACK_LOG2,
		                 __ATOMIC_RELAXED);
}

void
counters_end_thread(struct thread *thread)
{
	if (tracer.writer.header && !thread->is_alone)
		counters_flush(thread);
}

void
counters_unrecorded(void)
{
	__atomic_fetch_add(&tracer.writer.header->unrecorded, 1, __ATOMIC_RELAXED);
}

/* ---- another process, another file */

static void
pages_forget(struct thread *thread, void *unused)
{
	thread->is_alone = thread->is_at_peak = false;
	thread->unflushed = 0;
	memset(thread->unflushed_roles, 0, sizeof(thread->unflushed_roles));
	if (thread->pages)
		memset(thread->pages, 0, thread->page_limit * sizeof(thread->pages[0]));
}

/* What was allocated and freed before the fork is the parent's: the child counts its live
 * blocks. */
void
counters_restart(struct thread *thread)
{
	thread_each_ever(pages_forget, NULL);
	is_shared = false;
	thread->is_alone = true;
}

/* Of a stack with two roles the whole counts: it is asked whether there is anything. */
static uint64_t
counters_map_bytes(void)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < tracer.counters.count; i++) {
		const struct trace_counters *page = trace_table_at(&tracer.counters, i);

		for (uint32_t j = 0; j < TRACE_COUNTERS; j++) {
			const struct trace_decision *stack;

			if (page->first + j >= tracer.stacks.count)
				break;
			stack = tracer_decision(tracer_stack(page->first + j)->decision);
			if (stack->role != TRACE_OTHER || stack->split_role != TRACE_OTHER)
				bytes += page->counters[j].total_bytes;
		}
	}
	return bytes;
}

void
counters_restarted(void)
{
	inherited_map_bytes = counters_map_bytes();
	inherited_bytes = tracer.writer.header->live_bytes;
}

uint64_t
counters_own_map_bytes(void)
{
	return counters_map_bytes() - inherited_map_bytes;
}

uint64_t
counters_own_peak(void)
{
	return tracer.writer.header->peak_bytes - inherited_bytes;
}

uint64_t
counters_live_blocks(void)
{
	int64_t blocks = 0;

	for (uint32_t i = 0; i < tracer.counters.count; i++) {
		const struct trace_counters *page = trace_table_at(&tracer.counters, i);

		for (uint32_t j = 0; j < TRACE_COUNTERS; j++)
			blocks += (int32_t)page->counters[j].live_blocks;
	}
	return blocks > 0 ? (uint64_t)blocks : 0;
}

/* ---- the series */

/* Every other point goes, and the interval doubles. A reader may see a point twice meanwhile. */
static void
series_halve(void)
{
	uint32_t kept = tracer.series.count / 2;

	for (uint32_t i = 1; i < kept; i++) {
		struct trace_point *into = trace_table_at(&tracer.series, i);

		*into = *(struct trace_point *)trace_table_at(&tracer.series, 2 * i);
	}
	trace_table_shorten(&tracer.writer, &tracer.series, kept);
	series_interval *= 2;
}

static void
series_add(const struct trace_header *header, uint64_t now_ns)
{
	struct trace_point *point = trace_table_next(&tracer.writer, &tracer.series);

	if (!point)
		return;
	point->ns = now_ns;
	point->live_bytes = header->live_bytes;
	for (int role = 0; role < TRACE_ROLES - 1; role++)
		point->role_bytes[role] = header->role_bytes[role];
	trace_table_publish(&tracer.writer, &tracer.series);
	if (tracer.series.count >= TRACE_SERIES_MAX)
		series_halve();
}

void
counters_tick(uint64_t now_ns)
{
	struct trace_header *header = tracer.writer.header;
	struct shield shield;

	if (now_ns > header->last_event_ns)
		__atomic_store_n(&header->last_event_ns, now_ns, __ATOMIC_RELAXED);
	if (draft_is_open() || now_ns < __atomic_load_n(&series_next, __ATOMIC_RELAXED))
		return;
	shield_take(&shield, &lock);
	if (now_ns >= series_next) {
		series_add(header, now_ns);
		__atomic_store_n(&series_next, now_ns + series_interval, __ATOMIC_RELAXED);
	}
	shield_release(&shield, &lock);
}

void
counters_lock(void)
{
	lock_take(&lock);
}

void
counters_unlock(void)
{
	lock_release(&lock);
}

void
counters_after_fork(void)
{
	lock_release(&lock);
	series_interval = SERIES_FIRST_INTERVAL_NS;
	series_next = 0;
}
