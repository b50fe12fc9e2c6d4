/*
 * Known stacks by the hash of their return addresses, so that an event which repeats a stack finds
 * its id without a lock; the tree of nodes and the stacks themselves live in the trace.
 *
 *     return addresses --hash--> known[] --id--> struct trace_stack --node--> trace_node --> ... root
 *                                            '-- compared with the node chain: equal, not likely
 *
 * A list of frames whose role depends on the size has one entry marked VARIES, and one more for each
 * size met, found by a hash that the size went into.
 *
 * Called by record.c for every allocation. Rules: an entry's key is stored last; an entry never moves
 * within a table, and an outgrown table stays mapped, since a reader may still be in it; nothing of
 * the guest runs under the lock.
 */
#include "preload/intern.h"

#include "preload/index.h"
#include "preload/lock.h"
#include "preload/module.h"
#include "preload/role.h"
#include "preload/thread.h"
#include "preload/tracer.h"

#include <string.h>

enum { INTERN_FRAMES_MAX = STACK_DEPTH_MAX + 32 };

enum { KNOWN_VARIES = 1 }; /* in an entry's note; the generation is above it */

static struct index known, nodes, stacks;
static uint32_t lock;
static uint32_t generation = 2; /* even; moves when modules must be asked again */

struct frames {
	const uint64_t *pcs;
	size_t count;
	bool cut;
	uint64_t size; /* of the block */
};

static uint64_t
intern_mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

/* In two halves, which the processor works on at once. */
static uint64_t
intern_hash(const struct frames *frames)
{
	uint64_t even = intern_mix(frames->count, frames->cut), odd = even;
	size_t i = 0;

	for (; i + 1 < frames->count; i += 2) {
		even = intern_mix(even, frames->pcs[i]);
		odd = intern_mix(odd, frames->pcs[i + 1]);
	}
	if (i < frames->count)
		even = intern_mix(even, frames->pcs[i]);
	return intern_mix(even, odd);
}

/* Whether stack `id` has exactly these frames. */
static bool
intern_is_same(uint32_t id, const void *context)
{
	const struct frames *frames = context;
	const struct trace_stack *stack = tracer_stack(id);
	uint32_t node = stack->node;

	if (!!(stack->flags & TRACE_STACK_CUT) != frames->cut)
		return false;
	for (size_t i = 0; i < frames->count; i++) {
		const struct trace_node *at = tracer_node(node);

		if (node == 0 || at->pc != frames->pcs[i])
			return false;
		node = at->parent;
	}
	return node == 0;
}

/* The id under `hash`, or 0: not known in the present generation, or only by size. */
static uint32_t
intern_find(uint64_t hash, const struct frames *frames, bool *varies)
{
	struct index_entry *entry = index_find(&known, hash, intern_is_same, frames);
	uint32_t note;

	*varies = false;
	if (!entry)
		return 0;
	note = __atomic_load_n(&entry->note, __ATOMIC_ACQUIRE);
	if ((note & ~KNOWN_VARIES) != __atomic_load_n(&generation, __ATOMIC_RELAXED))
		return 0;
	*varies = note & KNOWN_VARIES;
	return __atomic_load_n(&entry->value, __ATOMIC_RELAXED);
}

static void
intern_remember(uint64_t hash, const struct frames *frames, uint32_t id, bool varies)
{
	struct index_entry *entry = index_find(&known, hash, intern_is_same, frames);
	uint32_t note = generation | (varies ? KNOWN_VARIES : 0);

	if (!entry) {
		index_add(&known, hash, id, note);
		return;
	}
	__atomic_store_n(&entry->value, id, __ATOMIC_RELAXED);
	__atomic_store_n(&entry->note, note, __ATOMIC_RELEASE);
}

static bool
intern_is_node(uint32_t index, const void *context)
{
	return !memcmp(tracer_node(index), context, sizeof(struct trace_node));
}

/* The node of this frame under this parent, made where there is none; 0: the trace is full. */
static uint32_t
intern_node(uint32_t parent, uint64_t pc, uint32_t module)
{
	struct trace_node wanted = { .pc = pc, .parent = parent, .module = module };
	uint64_t hash = intern_mix(intern_mix(pc, parent), module);
	struct index_entry *entry = index_find(&nodes, hash, intern_is_node, &wanted);
	struct trace_node *node;
	uint32_t index;

	if (entry)
		return entry->value;
	node = trace_table_next(&tracer.writer, &tracer.nodes);
	if (!node)
		return 0;
	*node = wanted;
	index = trace_table_publish(&tracer.writer, &tracer.nodes);
	index_add(&nodes, hash, index, 0);
	return index;
}

static uint32_t
intern_chain(const struct frames *frames, const uint32_t *modules)
{
	uint32_t node = 0;

	for (size_t i = frames->count; i-- > 0;) {
		node = intern_node(node, frames->pcs[i], modules[i]);
		if (!node)
			return 0;
	}
	return node;
}

/* What tells stacks apart: all that is decided at first sight, without the counters. */
static bool
intern_is_stack(uint32_t id, const void *context)
{
	return !memcmp(tracer_stack(id), context,
	               offsetof(struct trace_stack, epoch));
}

static uint32_t
intern_new_stack(const struct trace_stack *wanted)
{
	uint64_t hash = intern_mix(intern_mix(wanted->node, wanted->role | wanted->flags << 8),
	                           (uint64_t)wanted->split_share << 32 | wanted->split_whole);
	struct index_entry *entry = index_find(&stacks, hash, intern_is_stack, wanted);
	struct trace_stack *stack;
	uint32_t id;

	if (entry)
		return entry->value;
	stack = trace_table_next(&tracer.writer, &tracer.stacks);
	if (!stack)
		return 0;
	*stack = *wanted;
	id = trace_table_publish(&tracer.writer, &tracer.stacks);
	index_add(&stacks, hash, id, 0);
	return id;
}

/* First sight: modules, role, nodes, stack. Under the lock. */
static uint32_t
intern_learn(const struct frames *frames, bool *varies)
{
	static uint32_t modules[INTERN_FRAMES_MAX];
	struct trace_stack wanted = { .profile = TRACE_NONE, .role = TRACE_OTHER,
		.split_role = TRACE_OTHER, .split_share = 1, .split_whole = 1 };

	for (size_t i = 0; i < frames->count; i++)
		modules[i] = module_of(frames->pcs[i]);
	role_decide(frames->pcs, modules, frames->count, frames->size, &wanted, varies);
	wanted.flags |= frames->cut ? TRACE_STACK_CUT : 0;
	wanted.node = intern_chain(frames, modules);
	return wanted.node ? intern_new_stack(&wanted) : 0;
}

static __attribute__((noinline)) uint32_t
intern_first_sight(uint64_t hash, const struct frames *frames, bool *varies)
{
	uint64_t sized = intern_mix(hash, frames->size);
	bool varies_too;
	uint32_t id;

	intern_lock();
	id = intern_find(hash, frames, varies);
	if (id && *varies)
		id = intern_find(sized, frames, &varies_too);
	if (!id) {
		id = intern_learn(frames, varies);
		if (id)
			intern_remember(hash, frames, id, *varies);
		if (id && *varies)
			intern_remember(sized, frames, id, false);
	}
	intern_unlock();
	if (!id)
		tracer_warn("the trace has no room for more stacks; further ones are counted as "
		            "unknown: free space where the trace lies");
	return id;
}

uint32_t
intern_stack(const uint64_t *pcs, size_t count, bool cut, uint64_t size, bool *by_size)
{
	struct frames frames = { pcs, count, cut, size };
	uint64_t hash;
	bool unused;
	uint32_t id;

	*by_size = false;
	if (!count || count > INTERN_FRAMES_MAX)
		return 0;
	hash = intern_hash(&frames);
	id = intern_find(hash, &frames, by_size);
	if (id && *by_size)
		id = intern_find(intern_mix(hash, size), &frames, &unused);
	if (__builtin_expect(id != 0, 1))
		return id;
	return intern_first_sight(hash, &frames, by_size);
}

uint32_t
intern_generation(void)
{
	return __atomic_load_n(&generation, __ATOMIC_RELAXED);
}

void
intern_forget(void)
{
	__atomic_fetch_add(&generation, 2, __ATOMIC_RELAXED);
}

void
intern_lock(void)
{
	lock_take(&lock);
}

void
intern_unlock(void)
{
	lock_release(&lock);
}

void
intern_after_fork(void)
{
	lock_release(&lock);
}
