/*
 * Live bytes and blocks: of all, by stack and by role; peaks; the composition at the peak; the time
 * series. They live in the mapped trace. Threads share none of what moves at every event: each has
 * pages of counters of its own in the trace, which the reader adds up, and which the next thread
 * that gets its state goes on with.
 *
 *     thread->pages[]   | NULL | page | NULL | page | ...      by stack / TRACE_COUNTERS
 *                                 '--> | first, thread | counter | counter | ... |   in the trace
 *
 * While there has been one thread only, the header's live bytes and peak move with every event and
 * are exact. From the second thread on each keeps up to COUNTERS_SLACK bytes to itself before it
 * adds them to the header's, and the trace says so.
 */
#ifndef PRELOAD_LEDGER_COUNTERS_H
#define PRELOAD_LEDGER_COUNTERS_H

#include "preload/hold.h"
#include "preload/process/tracer.h"
#include "preload/thread.h"

#define COUNTERS_LITTLE_BYTES (UINT64_C(64) << 10) /* of its own: no map in it is worth a search */
#define COUNTERS_SLACK_LOG2 16
#define COUNTERS_SLACK (INT64_C(1) << COUNTERS_SLACK_LOG2)

/* This thread's counter of a stack, or NULL: not made yet. */
static inline __attribute__((always_inline)) struct trace_counter *
counters_of(const struct thread *thread, uint32_t stack)
{
	uint32_t page = stack / TRACE_COUNTERS;
	struct trace_counter *counter;

	if (__builtin_expect(page >= thread->page_limit || !thread->pages[page], 0))
		return NULL;
	counter = &thread->pages[page]->counters[stack % TRACE_COUNTERS];
	HOLD(counter);
	return counter;
}

/* Makes it; NULL: the trace is full. Best called outside of a change: it may wait for the disk. */
struct trace_counter *counters_make(struct thread *thread, uint32_t stack);

/* ---- within a change */

/* Adds what a thread keeps to itself to the header's, where that is much by now. */
void counters_flush_if_due(struct thread *thread);

/* A block of a stack with two roles. */
void counters_move_split(struct thread *thread, uint32_t stack, uint64_t size, int64_t sign);

static inline void
counters_set(uint64_t *at, uint64_t value)
{
	__atomic_store_n(at, value, __ATOMIC_RELAXED);
}

/* Adds to what this thread alone changes: who reads it elsewhere sees it before or after. In one
 * instruction, which the compiler does not make of a load and a store that are atomic. */
static inline __attribute__((always_inline)) void
counters_step(uint64_t *at, uint64_t change)
{
#if defined(__x86_64__)
	__asm__("addq %1, %0" : "+m"(*at) : "er"(change) : "cc");
#else
	counters_set(at, *at + change);
#endif
}

static inline __attribute__((always_inline)) void
counters_step_blocks(struct trace_counter *counter, uint32_t change)
{
#if defined(__x86_64__)
	__asm__("addl %1, %0" : "+m"(counter->live_blocks) : "ir"(change) : "cc");
#else
	__atomic_store_n(&counter->live_blocks, counter->live_blocks + change, __ATOMIC_RELAXED);
#endif
}

static inline __attribute__((always_inline)) void
counters_save(struct trace_counter *counter, uint32_t epoch)
{
	if (counter->epoch == epoch)
		return;
	counters_set(&counter->saved_bytes, counter->live_bytes);
	__atomic_store_n(&counter->saved_blocks, counter->live_blocks, __ATOMIC_RELAXED);
	__atomic_store_n(&counter->epoch, epoch, __ATOMIC_RELEASE);
}

/* The only thread's: while live bytes keep rising above the peak nothing need be saved, what is
 * live is the composition. The epoch moves when such a rise begins. */
static inline __attribute__((always_inline)) void
counters_move_alone(struct thread *thread, struct trace_header *header,
                    struct trace_counter *counter, uint64_t change)
{
	uint64_t live = header->live_bytes + change;

	if (live > header->peak_bytes) {
		if (!thread->is_at_peak)
			__atomic_store_n(&header->peak_epoch, header->peak_epoch + 1,
			                 __ATOMIC_RELEASE);
		thread->is_at_peak = true;
		counters_set(&header->peak_bytes, live);
		counters_set(&header->peak_ns, header->last_event_ns);
	} else {
		thread->is_at_peak = false;
		counters_save(counter, header->peak_epoch);
	}
	counters_set(&header->live_bytes, live);
}

static inline bool
counters_is_much(int64_t unflushed)
{
	return __builtin_expect(unflushed >= COUNTERS_SLACK || unflushed <= -COUNTERS_SLACK, 0);
}

static inline __attribute__((always_inline)) void
counters_move_role_alone(struct trace_header *header, size_t role, uint64_t change)
{
	uint64_t live = header->role_bytes[role] + change;

	counters_set(&header->role_bytes[role], live);
	if (live > header->role_peak_bytes[role])
		counters_set(&header->role_peak_bytes[role], live);
}

static inline void
counters_move_role(struct thread *thread, struct trace_header *header, uint32_t role,
                   uint64_t change)
{
	if (__builtin_expect(thread->is_alone, 1))
		counters_move_role_alone(header, role, change);
	else
		thread->unflushed_roles[role] += (int64_t)change;
}

/* What an event asks of the stack itself is noted in its counter: its role, counted from 1, or that
 * it has two. 0: nothing is noted yet. */
enum { COUNTERS_SPLIT = TRACE_ROLES + 1 };

uint32_t counters_take_note(struct trace_counter *counter, uint32_t stack);

/* `sign`: 1 a block of this size came, -1 it left. All but the roles. */
static inline void
counters_move_stack(struct thread *thread, struct trace_counter *counter, uint64_t size,
                    int64_t sign)
{
	struct trace_header *header = tracer.writer.header;
	uint64_t change = (uint64_t)sign * size, live;

	if (__builtin_expect(thread->is_alone, 1)) {
		counters_move_alone(thread, header, counter, change);
	} else {
		counters_save(counter, __atomic_load_n(&header->peak_epoch, __ATOMIC_ACQUIRE));
		thread->unflushed += (int64_t)change;
	}
	live = counter->live_bytes + change;
	counters_set(&counter->live_bytes, live);
	counters_step_blocks(counter, (uint32_t)sign);
	if (sign > 0 && (int64_t)live > (int64_t)counter->peak_bytes)
		counters_set(&counter->peak_bytes, live);
}

/* The same and the roles. */
static inline void
counters_move(struct thread *thread, struct trace_counter *counter, uint32_t stack, uint64_t size,
              int64_t sign)
{
	uint32_t note = counter->note;

	if (__builtin_expect(!note, 0))
		note = counters_take_note(counter, stack);
	counters_move_stack(thread, counter, size, sign);
	if (note == COUNTERS_SPLIT)
		counters_move_split(thread, stack, size, sign);
	else
		counters_move_role(thread, tracer.writer.header, note - 1, (uint64_t)sign * size);
	if (!thread->is_alone)
		counters_flush_if_due(thread);
}

/* ---- the straight way: a stack with one role, which is noted, and nothing is due to be flushed.
 * False: it is not so, and nothing has changed. */

/* One of several threads'. */
static inline __attribute__((always_inline)) bool
counters_shift_shared(struct thread *thread, const struct trace_header *header,
                      struct trace_counter *counter, size_t role, uint64_t change)
{
	int64_t bytes = thread->unflushed + (int64_t)change;
	int64_t role_bytes = thread->unflushed_roles[role] + (int64_t)change;

	if (counters_is_much(bytes) || counters_is_much(role_bytes))
		return false;
	counters_save(counter, __atomic_load_n(&header->peak_epoch, __ATOMIC_ACQUIRE));
	thread->unflushed = bytes;
	thread->unflushed_roles[role] = role_bytes;
	return true;
}

/* A block comes. */
static inline __attribute__((always_inline)) bool
counters_add_plain(struct thread *thread, struct trace_header *header,
                   struct trace_counter *counter, uint64_t size)
{
	size_t role = (size_t)counter->note - 1; /* if it has one */
	uint64_t live;

	KEEP(role);
	if (__builtin_expect(role >= TRACE_ROLES, 0))
		return false;
	if (__builtin_expect(thread->is_alone, 1)) {
		counters_move_alone(thread, header, counter, size);
		counters_move_role_alone(header, role, size);
	} else if (!counters_shift_shared(thread, header, counter, role, size)) {
		return false;
	}
	live = counter->live_bytes + size;
	counters_set(&counter->live_bytes, live);
	counters_step_blocks(counter, 1);
	if ((int64_t)live > (int64_t)counter->peak_bytes)
		counters_set(&counter->peak_bytes, live);
	counters_step(&counter->total_bytes, size);
	counters_step(&counter->total_blocks, 1);
	return true;
}

/* One leaves: no peak is reached by that. */
static inline __attribute__((always_inline)) bool
counters_remove_plain(struct thread *thread, struct trace_header *header,
                      struct trace_counter *counter, uint64_t size)
{
	size_t role = (size_t)counter->note - 1; /* if it has one */

	KEEP(role);
	if (__builtin_expect(role >= TRACE_ROLES, 0))
		return false;
	if (__builtin_expect(thread->is_alone, 1)) {
		thread->is_at_peak = false;
		counters_save(counter, header->peak_epoch);
		counters_step(&header->live_bytes, -size);
		counters_step(&header->role_bytes[role], -size);
	} else if (!counters_shift_shared(thread, header, counter, role, -size)) {
		return false;
	}
	counters_step(&counter->live_bytes, -size);
	counters_step_blocks(counter, UINT32_MAX);
	return true;
}

/* ---- any way */

/* An allocation that could not be recorded, or a free that could not be counted. */
void counters_unrecorded(void);

static inline struct trace_counter *
counters_need(struct thread *thread, uint32_t stack)
{
	struct trace_counter *counter = counters_of(thread, stack);

	if (__builtin_expect(!counter, 0))
		counter = counters_make(thread, stack);
	if (__builtin_expect(!counter, 0))
		counters_unrecorded();
	return counter;
}

/* A block of `size` bytes came to stack `stack`, whose counter this is, or left it. */
static inline void
counters_add_to(struct thread *thread, struct trace_counter *counter, uint32_t stack, uint64_t size)
{
	counters_move(thread, counter, stack, size, 1);
	counters_step(&counter->total_bytes, size);
	counters_step(&counter->total_blocks, 1);
}

static inline void
counters_add(struct thread *thread, uint32_t stack, uint64_t size)
{
	struct trace_counter *counter = counters_need(thread, stack);

	if (__builtin_expect(counter != NULL, 1))
		counters_add_to(thread, counter, stack, size);
}

/* A block comes or leaves, and is no new allocation of the guest's. */
static inline void
counters_shift(struct thread *thread, uint32_t stack, uint64_t size, int64_t sign)
{
	struct trace_counter *counter = counters_need(thread, stack);

	if (__builtin_expect(counter != NULL, 1))
		counters_move(thread, counter, stack, size, sign);
}

static inline void
counters_remove(struct thread *thread, uint32_t stack, uint64_t size)
{
	counters_shift(thread, stack, size, -1);
}

/* A block counts as `size` bytes from now on. Its stack's number of blocks stays. */
static inline void
counters_resize(struct thread *thread, uint32_t stack, uint64_t before, uint64_t size)
{
	struct trace_counter *counter = counters_need(thread, stack);

	if (__builtin_expect(!counter, 0))
		return;
	counters_move(thread, counter, stack, before, -1);
	counters_move(thread, counter, stack, size, 1);
}

/* A block turns out to belong to another stack: as if it had come from there. */
static inline void
counters_turn(struct thread *thread, uint32_t from, uint32_t to, uint64_t size)
{
	struct trace_counter *counter = counters_need(thread, from);

	if (__builtin_expect(!counter, 0))
		return;
	counters_move(thread, counter, from, size, -1);
	counters_step(&counter->total_bytes, -size);
	counters_step(&counter->total_blocks, UINT64_MAX);
	counters_add(thread, to, size);
}

/* A block came back to its stack after a realloc that failed: no allocation of the guest's. */
static inline void
counters_undo_remove(struct thread *thread, uint32_t stack, uint64_t size)
{
	counters_shift(thread, stack, size, 1);
}

/* ---- outside of changes */

/* A thread begins, as one of so many; it ends. Called by thread.c. */
void counters_begin_thread(struct thread *thread, uint32_t threads_now);
void counters_end_thread(struct thread *thread);

/* Moves the trace's clock; adds a point to the series when enough time has passed since the
 * last. */
void counters_tick(uint64_t now_ns);

/* Around fork. */
void counters_lock(void);
void counters_unlock(void);

/* In a forked child's fresh trace: all counters are 0, for the live blocks to be added again. */
void counters_restart(struct thread *thread);

/* They have been: what comes from now on is the child's own. */
void counters_restarted(void);

/* What this process allocated itself, without what a forked child inherited: bytes that had a map's
 * role by stack; and by how much live bytes at their peak went over those that it began with. */
uint64_t counters_own_map_bytes(void);
uint64_t counters_own_peak(void);

/* By all threads' counters, with the ledger at rest. */
uint64_t counters_live_blocks(void);

/* In a forked child: no lock can be trusted; the series starts anew. */
void counters_after_fork(void);

#endif
