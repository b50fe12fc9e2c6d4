/*
 * A frame is known from the last stack that was walked in its thread; the words that led through it
 * say whether that still holds, as in slots.h.
 *
 *     higher   | frame k - 1 ... | return address into frame k - 1 |   list[k - 1].sp above it
 *              | frame k: the header ...                           |
 *              | return address into frame k |                         list[k].sp above it
 *     lower    | what frame k calls
 *
 * The thread that takes the snapshot was walked just now. Another one has gone on since its last
 * event: its frame k stands where all words outside it are what they were, and the word that frame
 * k last called from leads into the same function as before, be it at another place.
 *
 * Rule: in a snapshot's child no lock may be taken, since nobody is left to release it.
 */
#include "preload/snapshot/holder.h"

#include "preload/process/tracer.h"
#include "preload/unwind/frames.h"
#include "preload/unwind/rules.h"

struct search {
	struct memory *memory;
	struct trace_map *map;
};

void
holder_prepare(const struct caller *caller, bool is_event)
{
	struct thread *thread = is_event ? thread_self : thread_enter();

	if (!thread || thread == THREAD_ENDED)
		return;
	stack_refresh(thread, caller);
	if (!is_event)
		thread_leave(thread);
}

/* The outermost frame that begins at or below this address; NULL: it lies further in than all. */
static const struct frame *
frame_at(const struct frames *frames, uint64_t address)
{
	for (uint32_t i = 0; i < frames->count; i++)
		if (frames->list[i].sp <= address)
			return &frames->list[i];
	return NULL;
}

static bool
has_same_callers(struct memory *memory, const struct frames *frames, const struct frame *frame)
{
	for (uint32_t i = 0; i < frame->slots; i++) {
		const struct slot *slot = &frames->slots[i];
		uint64_t value;

		if (!memory_read(memory, slot->address, &value, sizeof(value)) ||
		    value != slot->value)
			return false;
	}
	return true;
}

/* The return address that the frame's last call left, if it is one into the same function; else
 * 0. */
static uint64_t
return_into(struct memory *memory, const struct frame *frame)
{
	uint64_t pc, function;

	if (!memory_read(memory, frame->sp - sizeof(pc), &pc, sizeof(pc)))
		return 0;
	if (pc == frame->pc)
		return pc;
	function = rules_function(frame->pc - 1);
	return function && rules_function(pc - 1) == function ? pc : 0;
}

static uint32_t
module_of_frame(const struct frame *frame)
{
	const struct trace_node *node = tracer_node(frame->leaf.node);
	uint32_t module = tracer_site(node->site)->module;

	return module == TRACE_SITE_NO_MODULE ? TRACE_NONE : module;
}

static void
find_in(struct thread *thread, void *context)
{
	const struct search *search = context;
	struct trace_map *map = search->map;
	const struct frames *frames = stack_last(thread);
	const struct frame *frame;

	if (map->address < thread->stack_low || map->address >= thread->stack_high)
		return;
	map->where = TRACE_WHERE_STACK;
	map->where_base = thread->stack_low;
	map->where_thread = thread->id;
	map->where_module = TRACE_NONE;
	frame = frames ? frame_at(frames, map->address) : NULL;
	if (!frame || !frame->leaf.node || !has_same_callers(search->memory, frames, frame))
		return;
	map->where_pc = return_into(search->memory, frame);
	if (map->where_pc)
		map->where_module = module_of_frame(frame);
}

void
holder_find(struct memory *memory, struct trace_map *map)
{
	struct search search = { memory, map };

	thread_each(find_in, &search);
}
