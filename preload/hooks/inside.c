/*
 * What programs tell of the memory that they hand out themselves, and of their maps' names, through
 * include/maptrace.h. Called by the guest, from anywhere but a handler that came upon the library
 * at work: such a call is not recorded.
 *
 * Rule: whatever is told, nothing but our books changes; what cannot be true is said once and
 * ignored.
 */
#include "preload/ledger/arena.h"
#include "preload/ledger/change.h"
#include "preload/ledger/counters.h"
#include "preload/process/tracer.h"
#include "preload/stacks/stacks.h"
#include "preload/thread.h"
#include "preload/unwind/stack.h"

#include <errno.h>

#define EXPORT __attribute__((visibility("default")))

/* Declared here and not through maptrace.h, where they are weak. */
EXPORT void maptrace_allocate_v1(const void *address, size_t size);
EXPORT void maptrace_free_v1(const void *address);
EXPORT void maptrace_free_range_v1(const void *start, size_t size);
EXPORT void maptrace_role_v1(const void *address, int role);
EXPORT void maptrace_name_v1(const void *map, const char *name);

struct call {
	struct thread *thread;
	const struct caller *caller;
	uint64_t address, size;
	const char *name;
	enum trace_role role;
};

static void
call_run(struct call *call, void (*work)(void *call))
{
	int before = errno;

	if (!tracer_is_on() && !tracer_wake())
		return;
	call->thread = thread_enter();
	if (!call->thread || !stack_run(call->thread, work, call))
		counters_unrecorded();
	if (call->thread)
		thread_leave(call->thread);
	errno = before;
}

/* Not within the change: it may take long. A stack that there is no room to count is unknown. */
static uint32_t
call_count_in(const struct call *call, uint32_t stack)
{
	bool has_counter = counters_of(call->thread, stack) || counters_make(call->thread, stack);

	return has_counter ? stack : 0;
}

static void
call_allocate(void *context)
{
	const struct call *call = context;
	uint32_t stack = stack_identify(call->thread, call->caller, call->size);
	struct ledger_block sub = { call->address, call->size, call_count_in(call, stack) };
	enum arena_outcome outcome;

	change_begin(call->thread);
	outcome = arena_add(call->thread, &sub);
	change_end(call->thread);
	if (outcome == ARENA_FULL)
		counters_unrecorded();
	if (outcome == ARENA_OVERLAPS)
		tracer_warn("maptrace_allocate was told of memory that had been handed out before: "
		            "what overlaps counts as freed");
	else if (outcome == ARENA_OUTSIDE)
		tracer_warn(
		    "maptrace_allocate was told of a sub-block that is not within one block: "
		    "it is not recorded");
}

void
maptrace_allocate_v1(const void *address, size_t size)
{
	struct call call = { .caller = CALLER_HERE, .address = (uintptr_t)address, .size = size };

	if (address)
		call_run(&call, call_allocate);
}

static void
call_free(void *context)
{
	const struct call *call = context;
	enum arena_outcome outcome;

	change_begin(call->thread);
	outcome = arena_remove(call->thread, call->address);
	change_end(call->thread);
	if (outcome == ARENA_UNKNOWN)
		tracer_warn("maptrace_free was told of an address where no sub-block begins: "
		            "nothing changes");
}

void
maptrace_free_v1(const void *address)
{
	struct call call = { .address = (uintptr_t)address };

	if (address)
		call_run(&call, call_free);
}

/* Each in a change of its own: there may be millions. */
static void
call_free_range(void *context)
{
	const struct call *call = context;
	uint64_t end;
	bool is_left = true;

	if (__builtin_add_overflow(call->address, call->size, &end))
		end = UINT64_MAX;
	while (is_left) {
		change_begin(call->thread);
		is_left = arena_remove_one(call->thread, call->address, end);
		change_end(call->thread);
	}
}

void
maptrace_free_range_v1(const void *start, size_t size)
{
	struct call call = { .address = (uintptr_t)start, .size = size };

	call_run(&call, call_free_range);
}

static void
call_role(void *context)
{
	const struct call *call = context;
	enum arena_outcome outcome = ARENA_UNKNOWN;
	struct ledger_block block;
	bool is_known;

	change_begin(call->thread);
	is_known = arena_find(call->address, &block);
	change_end(call->thread);
	if (is_known) {
		uint32_t stack = call_count_in(call, stacks_told(block.stack, call->role));

		call_count_in(call, block.stack);
		change_begin(call->thread);
		outcome = arena_move(call->thread, call->address, stack);
		change_end(call->thread);
	}
	if (outcome == ARENA_UNKNOWN)
		tracer_warn("maptrace_role was told of an address where no block and no sub-block "
		            "begins: nothing changes");
}

void
maptrace_role_v1(const void *address, int role)
{
	struct call call = { .address = (uintptr_t)address, .role = (enum trace_role)role };

	if (address && role >= 0 && role < TRACE_ROLES)
		call_run(&call, call_role);
}

static void
call_name(void *context)
{
	const struct call *call = context;
	enum arena_outcome outcome;

	change_begin(call->thread);
	outcome = arena_name(call->address, call->name);
	change_end(call->thread);
	if (outcome == ARENA_FULL)
		tracer_warn(
		    "maptrace_name: 1024 maps have names already: further ones are not kept");
}

void
maptrace_name_v1(const void *map, const char *name)
{
	struct call call = { .address = (uintptr_t)map, .name = name && name[0] ? name : NULL };

	if (map)
		call_run(&call, call_name);
}
