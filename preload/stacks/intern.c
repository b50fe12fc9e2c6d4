/*
 * From return addresses to nodes.
 *
 *     (pc, module) --sites--> site of the trace
 *     (site, parent) --nodes--> node of the trace, and the stack that ends there
 *
 * A site's module is part of what it is, so what lies at a closed module's addresses later gets
 * nodes of its own, and all that is known of a node holds for ever.
 *
 * Called by rules.c, frames.c, listed.c and stacks.c at events. Rules: a record is whole before an
 * index leads to it, and is not made where the index has no room: it would be made again at each
 * event. Nothing of the guest runs under the lock.
 */
#include "preload/stacks/intern.h"

#include "preload/lock.h"
#include "preload/process/tracer.h"
#include "preload/shield.h"
#include "preload/stacks/index.h"
#include "preload/stacks/nodes.h"
#include "preload/thread.h"

enum { SITES_MAX = 1 << 24 }; /* what a rule has room for */

static struct index sites;
static uint32_t lock;
static struct shield shield; /* of the thread that has the lock */
static struct thread **learner; /* its `thread_self`, until intern_learned; or NULL */

/* ---- sites */

uint32_t
intern_site(uint64_t pc, uint16_t module)
{
	uint64_t key = pc | (uint64_t)module << 48;
	uint32_t site = index_find(&sites, key);
	struct trace_site *made;

	if (site || tracer.sites.count == SITES_MAX || !index_reserve(&sites))
		return site;
	made = trace_table_next(&tracer.writer, &tracer.sites);
	if (!made)
		return 0;
	made->pc = pc;
	made->module = module;
	site = trace_table_publish(&tracer.writer, &tracer.sites);
	index_add(&sites, key, site);
	return site;
}

/* ---- nodes */

/* The outer path goes through one multiplication only: the next frame's waits for it. */
uint32_t
intern_path(uint32_t outer, uint32_t site)
{
	uint64_t mixed = outer ^ site * UINT64_C(0x9e3779b97f4a7c15);

	return (uint32_t)(mixed * UINT64_C(0xd6e8feb86659fd93) >> 32);
}

void
intern_expect(uint32_t path)
{
	nodes_expect(path);
}

struct leaf
intern_find(const struct leaf *outer, uint32_t path, uint32_t site)
{
	struct node_found found = nodes_find(path, outer->node, site);

	return (struct leaf){ found.node, path, found.end };
}

struct leaf
intern_guess(uint32_t path, uint32_t site, uint32_t *outer)
{
	struct node_found found = nodes_guess(path, site);

	*outer = tracer_node(found.node)->parent;
	return (struct leaf){ found.node, path, found.end };
}

/* Nothing is to be found under the node that was made last. */
struct leaf
intern_make(const struct leaf *outer, uint32_t path, uint32_t site)
{
	struct leaf leaf = { 0, path, 0 };
	struct trace_node *made;

	if (outer->node + 1 < tracer.nodes.count)
		leaf = intern_find(outer, path, site);
	if (leaf.node || !site || !nodes_reserve())
		return leaf;
	made = trace_table_next(&tracer.writer, &tracer.nodes);
	if (!made)
		return leaf;
	made->site = site;
	made->parent = outer->node;
	leaf.node = trace_table_publish(&tracer.writer, &tracer.nodes);
	nodes_add(path, leaf.node);
	return leaf;
}

/* ---- where stacks end */

uint32_t
intern_end(const struct leaf *leaf)
{
	const struct trace_node *node = tracer_node(leaf->node);

	return nodes_find(leaf->path, node->parent, node->site).end;
}

void
intern_set_end(const struct leaf *leaf, uint32_t end)
{
	nodes_set_end(leaf->path, leaf->node, end);
}

/* ---- the lock */

/* What is learned may take milliseconds: a handler that left by longjmp would leave the lock
 * taken. */
void
intern_lock(void)
{
	struct shield raised;

	shield_take(&raised, &lock);
	shield = raised;
}

void
intern_unlock(void)
{
	struct shield raised = shield;

	shield_release(&raised, &lock);
}

static inline bool
intern_is_learning(void)
{
	return __atomic_load_n(&learner, __ATOMIC_RELAXED) == &thread_self;
}

void
intern_learn(void)
{
	if (intern_is_learning())
		return;
	intern_lock();
	__atomic_store_n(&learner, &thread_self, __ATOMIC_RELAXED);
}

void
intern_learned(void)
{
	if (__builtin_expect(!intern_is_learning(), 1))
		return;
	__atomic_store_n(&learner, NULL, __ATOMIC_RELAXED);
	intern_unlock();
}

void
intern_after_fork(void)
{
	learner = NULL;
	lock_release(&lock);
}
