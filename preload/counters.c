/*
 * Counting in place, in the records of the trace. Called by record.c at every event.
 *
 * The composition at the peak costs no log: peak_epoch moves with each new maximum; a stack that
 * changes for the first time since then first saves what it was.
 *
 *     event       live  peak  peak_epoch | stack A: live saved epoch | stack B: live saved epoch
 *     A +10         10    10           1 |            10     0     0 |             0     0     0
 *     B +5          15    15           2 |            10     0     0 |             5     0     1
 *     A -10          5    15           2 |             0    10     2 |             5     0     1
 *     at the peak: A epoch == 2, so saved 10; B epoch != 2, so live 5
 *
 * Rule: save, change, raise the peak, move the epoch, in this order and under the lock; every store
 * is whole, since the file is read while the guest runs and after it was killed.
 */
#include "preload/counters.h"

#include "preload/lock.h"
#include "preload/tracer.h"

#include <stddef.h>
#include <string.h>

#define SERIES_FIRST_INTERVAL_NS UINT64_C(1000000)

static uint32_t lock;
static uint64_t series_interval = SERIES_FIRST_INTERVAL_NS, series_next;
static uint64_t inherited_map_bytes, inherited_bytes; /* of a forked child */

static inline void
counters_set(uint64_t *at, uint64_t value)
{
	__atomic_store_n(at, value, __ATOMIC_RELAXED);
}

static inline void
counters_move(uint64_t *at, int64_t change)
{
	counters_set(at, *at + (uint64_t)change);
}

static inline void
counters_raise(uint64_t *peak, uint64_t value)
{
	if (value > *peak)
		counters_set(peak, value);
}

static void
counters_move_role(struct trace_header *header, uint8_t role, uint64_t size, int64_t sign)
{
	counters_move(&header->role_bytes[role], sign * (int64_t)size);
	counters_raise(&header->role_peak_bytes[role], header->role_bytes[role]);
}

/* The bytes of a block of `size` that have the stack's first role. */
static uint64_t
counters_share(const struct trace_stack *stack, uint64_t size)
{
	uint64_t whole = stack->split_whole, share = stack->split_share;

	if (__builtin_expect(share >= whole, 1))
		return size;
	return size / whole * share + size % whole * share / whole;
}

static void
counters_move_roles(struct trace_header *header, const struct trace_stack *stack, uint64_t size,
                    int64_t sign)
{
	uint64_t first = counters_share(stack, size);

	counters_move_role(header, stack->role, first, sign);
	counters_move(&header->role_blocks[stack->role], sign);
	if (first < size)
		counters_move_role(header, stack->split_role, size - first, sign);
}

static void
counters_save(const struct trace_header *header, struct trace_stack *stack)
{
	if (stack->epoch == header->peak_epoch)
		return;
	counters_set(&stack->saved_bytes, stack->live_bytes);
	counters_set(&stack->saved_blocks, stack->live_blocks);
	__atomic_store_n(&stack->epoch, header->peak_epoch, __ATOMIC_RELEASE);
}

static void
counters_change(struct trace_header *header, struct trace_stack *stack, uint64_t size, int64_t sign)
{
	counters_save(header, stack);
	counters_move(&stack->live_bytes, sign * (int64_t)size);
	counters_move(&stack->live_blocks, sign);
	counters_raise(&stack->peak_bytes, stack->live_bytes);
	counters_move_roles(header, stack, size, sign);
	counters_move(&header->live_bytes, sign * (int64_t)size);
	counters_move(&header->live_blocks, sign);
	if (header->live_bytes > header->peak_bytes) {
		counters_set(&header->peak_bytes, header->live_bytes);
		counters_set(&header->peak_ns, header->last_event_ns);
		__atomic_store_n(&header->peak_epoch, header->peak_epoch + 1, __ATOMIC_RELEASE);
	}
}

void
counters_add(uint32_t id, uint64_t size)
{
	struct trace_header *header = tracer.writer.header;
	struct trace_stack *stack = tracer_stack(id);

	lock_take(&lock);
	counters_change(header, stack, size, 1);
	counters_move(&stack->total_bytes, (int64_t)size);
	counters_move(&stack->total_blocks, 1);
	counters_move(&header->allocations, 1);
	lock_release(&lock);
}

void
counters_remove(uint32_t id, uint64_t size)
{
	struct trace_header *header = tracer.writer.header;
	struct trace_stack *stack = tracer_stack(id);

	lock_take(&lock);
	counters_change(header, stack, size, -1);
	counters_move(&header->frees, 1);
	lock_release(&lock);
}

void
counters_undo_remove(uint32_t id, uint64_t size)
{
	struct trace_header *header = tracer.writer.header;
	struct trace_stack *stack = tracer_stack(id);

	lock_take(&lock);
	counters_change(header, stack, size, 1);
	counters_move(&header->frees, -1);
	lock_release(&lock);
}

/* A forked child's records came with the parent's later counts in them: they are counted again from
 * the live blocks. What was allocated and freed before the fork is the parent's. */
void
counters_restart(void)
{
	struct trace_header *header = tracer.writer.header;

	for (uint32_t id = 0; id < tracer.stacks.count; id++) {
		struct trace_stack *stack = tracer_stack(id);

		memset(&stack->epoch, 0, sizeof(*stack) - offsetof(struct trace_stack, epoch));
	}
	header->live_bytes = header->live_blocks = header->peak_bytes = 0;
	header->allocations = header->frees = header->unrecorded = header->peak_epoch = 0;
	memset(header->role_bytes, 0, sizeof(header->role_bytes));
	memset(header->role_blocks, 0, sizeof(header->role_blocks));
	memset(header->role_peak_bytes, 0, sizeof(header->role_peak_bytes));
}

/* Of a stack with two roles the whole counts: it is asked whether there is anything. */
static uint64_t
counters_map_bytes(void)
{
	uint64_t bytes = 0;

	for (uint32_t id = 0; id < tracer.stacks.count; id++) {
		const struct trace_stack *stack = tracer_stack(id);

		if (stack->role != TRACE_OTHER || stack->split_role != TRACE_OTHER)
			bytes += stack->total_bytes;
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

void
counters_unrecorded(void)
{
	__atomic_fetch_add(&tracer.writer.header->unrecorded, 1, __ATOMIC_RELAXED);
}

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

	if (now_ns > header->last_event_ns)
		__atomic_store_n(&header->last_event_ns, now_ns, __ATOMIC_RELAXED);
	if (now_ns < __atomic_load_n(&series_next, __ATOMIC_RELAXED))
		return;
	lock_take(&lock);
	if (now_ns >= series_next) {
		series_add(header, now_ns);
		__atomic_store_n(&series_next, now_ns + series_interval, __ATOMIC_RELAXED);
	}
	lock_release(&lock);
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
