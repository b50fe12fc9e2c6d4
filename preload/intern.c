/*
 * From frames to nodes to stack ids.
 *
 *     (pc and module, parent) --nodes--> node --known--> id of the stack that ends there
 *                                         '--(size, node)--variants--> id, where the size decides
 *
 * A node's module is part of what it is, so what lies at a closed module's addresses later gets nodes
 * of its own, and all that is known of a node holds for ever. Most nodes have one stack, whose id lies
 * in `known`; where the role depends on the size there is an entry for each size met, and for a stack
 * that was cut, which is another than the one with just these frames.
 *
 * Called by stack.c and frames.c at events. Rules: a record is whole before an index leads to it;
 * nothing of the guest runs under the lock.
 */
#include "preload/intern.h"

#include "preload/hidden.h"
#include "preload/index.h"
#include "preload/lock.h"
#include "preload/role.h"
#include "preload/rules.h"
#include "preload/shield.h"
#include "preload/tracer.h"

#include <stddef.h>
#include <string.h>

enum { KNOWN_PER_PAGE = 64 * 1024, KNOWN_PAGES = 4 * 1024 };

/* What hangs on a node is found by (one of these, node): pcs and sizes are below them. */
#define ANY_SIZE (UINT64_C(1) << 63)
#define CUT (UINT64_C(1) << 62)
#define ORDINAL (UINT64_C(1) << 61)

#define BY_SIZE (UINT32_C(1) << 31) /* ask `variants` */

static uint32_t intern_place(uint64_t key, uint32_t parent);
static struct index nodes = { .place = intern_place }, variants = { .place = index_mix };
static uint32_t lock;
static struct shield shield; /* of the thread that has the lock */

/* What is known of a node beside what the trace holds. */
static struct known {
	uint32_t path; /* see intern_path */
	uint32_t end;  /* the stack that ends here; 0: not known; BY_SIZE */
} *known[KNOWN_PAGES];

static inline uint64_t
intern_key(uint64_t pc, uint16_t module)
{
	return pc | (uint64_t)module << 48;
}

/* Of a node that there is. */
static inline struct known *
intern_known(uint32_t node)
{
	struct known *page = __atomic_load_n(&known[node / KNOWN_PER_PAGE], __ATOMIC_ACQUIRE);

	return &page[node % KNOWN_PER_PAGE];
}

/* Of one to come. Returns -1: no memory. */
static int
intern_make_known(uint32_t node, uint32_t path)
{
	struct known **page = &known[node / KNOWN_PER_PAGE];

	if (!*page)
		__atomic_store_n(page, hidden_map(KNOWN_PER_PAGE * sizeof(**page)), __ATOMIC_RELEASE);
	if (!*page)
		return -1;
	intern_known(node)->path = path;
	return 0;
}

/* ---- nodes */

uint32_t
intern_path(uint32_t outer, uint64_t pc, uint16_t module)
{
	return index_mix(intern_key(pc, module), outer);
}

static uint32_t
intern_place(uint64_t key, uint32_t parent)
{
	return index_mix(key, parent ? intern_known(parent)->path : 0);
}

void
intern_expect(uint32_t path)
{
	index_expect(&nodes, path);
}

static uint32_t
intern_new_node(uint32_t parent, uint32_t path, uint64_t pc, uint16_t module)
{
	uint32_t index = tracer.nodes.count;
	struct trace_node *node;

	if (intern_make_known(index, path))
		return 0;
	node = trace_table_next(&tracer.writer, &tracer.nodes);
	if (!node)
		return 0;
	node->pc = pc;
	node->parent = parent;
	node->module = module;
	trace_table_publish(&tracer.writer, &tracer.nodes);
	index_add(&nodes, intern_key(pc, module), parent, index);
	return index;
}

static __attribute__((noinline)) uint32_t
intern_learn_node(uint32_t parent, uint32_t path, uint64_t pc, uint16_t module)
{
	uint32_t node;

	intern_lock();
	node = index_find(&nodes, path, intern_key(pc, module), parent);
	if (!node)
		node = intern_new_node(parent, path, pc, module);
	intern_unlock();
	return node;
}

uint32_t
intern_node(uint32_t parent, uint32_t path, uint64_t pc, uint16_t module)
{
	uint32_t node = index_find(&nodes, path, intern_key(pc, module), parent);

	return __builtin_expect(node != 0, 1) ? node : intern_learn_node(parent, path, pc, module);
}

/* ---- stacks */

/* The one size that stands for all where the role does not depend on it. */
static inline uint64_t
intern_size_key(bool cut, uint64_t size, bool any)
{
	return (any ? ANY_SIZE : size + 1) | (cut ? CUT : 0);
}

static inline uint32_t
intern_find_variant(uint64_t key, uint32_t node)
{
	return index_find(&variants, index_mix(key, node), key, node);
}

/* The id, or 0: not known yet. */
static inline uint32_t
intern_find_stack(uint32_t node, bool cut, uint64_t size, bool *by_size)
{
	uint32_t end = __atomic_load_n(&intern_known(node)->end, __ATOMIC_ACQUIRE), id;

	*by_size = false;
	if (__builtin_expect(!cut && !(end & BY_SIZE), 1))
		return end;
	id = intern_find_variant(intern_size_key(cut, 0, true), node);
	if (id)
		return id;
	*by_size = true;
	return intern_find_variant(intern_size_key(cut, size, false), node);
}

static void
intern_remember(uint32_t node, bool cut, uint64_t size, uint32_t id, bool by_size)
{
	if (!cut)
		__atomic_store_n(&intern_known(node)->end, by_size ? BY_SIZE : id, __ATOMIC_RELEASE);
	if (cut || by_size)
		index_add(&variants, intern_size_key(cut, size, !by_size), node, id);
}

/* All that is decided at first sight, without the counters. */
static bool
intern_is_stack(uint32_t id, const struct trace_stack *wanted)
{
	return !memcmp(tracer_stack(id), wanted, sizeof(*wanted));
}

/* The stacks of one node have the ordinals 1, 2, ... */
static uint32_t
intern_variant(const struct trace_stack *wanted)
{
	uint64_t ordinal = ORDINAL;
	struct trace_stack *stack;
	uint32_t id;

	while ((id = intern_find_variant(++ordinal, wanted->node))) {
		if (intern_is_stack(id, wanted))
			return id;
	}
	stack = trace_table_next(&tracer.writer, &tracer.stacks);
	if (!stack)
		return 0;
	*stack = *wanted;
	id = trace_table_publish(&tracer.writer, &tracer.stacks);
	index_add(&variants, ordinal, wanted->node, id);
	return id;
}

/* First sight: the role by the innermost frames. Under the lock. */
static uint32_t
intern_new_stack(uint32_t node, bool cut, uint64_t size, bool *by_size)
{
	struct trace_stack wanted = { .node = node, .profile = TRACE_NONE, .role = TRACE_OTHER,
		.split_role = TRACE_OTHER, .split_share = 1, .split_whole = 1 };
	uint64_t pcs[ROLE_FRAMES_MAX];
	uint32_t modules[ROLE_FRAMES_MAX], at = node;
	size_t count = 0;

	for (; at && count < ROLE_FRAMES_MAX; at = tracer_node(at)->parent) {
		pcs[count] = tracer_node(at)->pc;
		modules[count] = tracer_node(at)->module;
		if (modules[count] == TRACE_NODE_NO_MODULE)
			modules[count] = TRACE_NONE;
		count++;
	}
	role_decide(pcs, modules, count, size, &wanted, by_size);
	wanted.flags |= cut ? TRACE_STACK_CUT : 0;
	return intern_variant(&wanted);
}

static __attribute__((noinline)) uint32_t
intern_learn_stack(uint32_t node, bool cut, uint64_t size, bool *by_size)
{
	uint32_t id;

	intern_lock();
	id = intern_find_stack(node, cut, size, by_size);
	if (!id) {
		id = intern_new_stack(node, cut, size, by_size);
		if (id)
			intern_remember(node, cut, size, id, *by_size);
	}
	intern_unlock();
	return id;
}

uint32_t
intern_stack(uint32_t node, bool cut, uint64_t size, bool *by_size)
{
	uint32_t id = node ? intern_find_stack(node, cut, size, by_size) : 0;

	if (__builtin_expect(id != 0, 1))
		return id;
	*by_size = false;
	if (node)
		id = intern_learn_stack(node, cut, size, by_size);
	if (!id)
		tracer_warn("the trace has no room for more stacks; further ones are counted as "
		            "unknown: free space where the trace lies");
	return id;
}

uint32_t
intern_told(uint32_t id, enum trace_role role)
{
	struct trace_stack wanted = *tracer_stack(id);

	wanted.profile = TRACE_NONE;
	wanted.role = wanted.split_role = (uint8_t)role;
	wanted.split_share = wanted.split_whole = 1;
	wanted.flags = (wanted.flags & TRACE_STACK_CUT) | TRACE_STACK_TOLD;
	intern_lock();
	id = intern_variant(&wanted);
	intern_unlock();
	return id;
}

/* What is learned may take milliseconds: a handler that left by longjmp would leave the lock taken. */
void
intern_lock(void)
{
	struct shield raised;

	shield_raise(&raised);
	lock_take(&lock);
	shield = raised;
}

void
intern_unlock(void)
{
	struct shield raised = shield;

	lock_release(&lock);
	shield_lower(&raised);
}

void
intern_after_fork(void)
{
	lock_release(&lock);
}
