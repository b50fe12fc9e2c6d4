/*
 * maptrace_stack of include/maptrace.h ends here. Called by the guest, from anywhere but a handler
 * that came upon the library at work.
 *
 * Rule: what is told is what stands in the trace, read the way the analyzer reads it.
 */
#include "preload/ledger/arena.h"
#include "preload/ledger/change.h"
#include "preload/process/tracer.h"
#include "preload/thread.h"

#include <errno.h>
#include <stddef.h>

/* Declared here and not through maptrace.h, where it is weak. */
__attribute__((visibility("default"))) size_t
maptrace_stack_v1(const void *block, void **into, size_t room);

static size_t
query_copy(uint32_t id, void **into, size_t room)
{
	size_t count = 0;

	for (uint32_t node = tracer_stack(id)->node; node && count < room;) {
		const struct trace_node *at = tracer_node(node);

		into[count++] = (void *)(uintptr_t)tracer_site(at->site)->pc;
		node = at->parent;
	}
	return count;
}

size_t
maptrace_stack_v1(const void *block, void **into, size_t room)
{
	struct thread *thread = tracer_is_on() ? thread_enter() : NULL;
	struct ledger_block known;
	int before = errno;
	size_t count = 0;
	bool is_known;

	if (!thread)
		return 0;
	change_begin(thread);
	is_known = arena_find((uintptr_t)block, &known);
	change_end(thread);
	if (is_known)
		count = query_copy(known.stack, into, room);
	thread_leave(thread);
	errno = before;
	return count;
}
