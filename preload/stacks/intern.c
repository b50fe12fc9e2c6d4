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

#include "preload/hidden.h"
#include "preload/lock.h"
#include "preload/process/tracer.h"
#include "preload/shield.h"
#include "preload/stacks/index.h"
#include "preload/thread.h"

enum { SITES_MAX = 1 << 24 }; /* what a rule has room for */

static uint32_t intern_place(uint64_t key);
static struct index sites = { .place = index_mix }, nodes = { .place = intern_place };
static uint32_t *paths; /* of all nodes, while their index grows */
static uint32_t lock;
static struct shield shield; /* of the thread that has the lock */
static struct thread **learner; /* its `thread_self`, until intern_learned; or NULL */

/* ---- sites */

uint32_t
intern_site(uint64_t pc, uint16_t module)
{
	uint64_t key = pc | (uint64_t)module << 48;
	uint32_t place = index_mix(key), site = index_find(&sites, place, key).value;
	struct trace_site *made;

	if (site || tracer.sites.count == SITES_MAX || !index_reserve(&sites))
		return site;
	made = trace_table_next(&tracer.writer, &tracer.sites);
	if (!made)
		return 0;
	made->pc = pc;
	made->module = module;
	site = trace_table_publish(&tracer.writer, &tracer.sites);
	index_add(&sites, place, key, (struct index_value){ site, 0 });
	return site;
}

/* ---- nodes */

static inline uint64_t
intern_key(uint32_t parent, uint32_t site)
{
	return (uint64_t)parent << 32 | site;
}

/* The outer path goes through one multiplication only: the next frame's waits for it. */
uint32_t
intern_path(uint32_t outer, uint32_t site)
{
	uint64_t mixed = outer ^ site * UINT64_C(0x9e3779b97f4a7c15);

	return (uint32_t)(mixed * UINT64_C(0xd6e8feb86659fd93) >> 32);
}

static uint32_t
intern_place(uint64_t key)
{
	return intern_path(paths[key >> 32], (uint32_t)key);
}

void
intern_expect(uint32_t path)
{
	index_expect(&nodes, path);
}

struct leaf
intern_find(const struct leaf *outer, uint32_t path, uint32_t site)
{
	struct index_value found = index_find(&nodes, path, intern_key(outer->node, site));

	return (struct leaf){ found.value, path, found.more };
}

struct leaf
intern_guess(uint32_t path, uint32_t site, uint32_t *outer)
{
	uint64_t key = 0;
	struct index_value found = index_guess(&nodes, path, site, &key);

	*outer = (uint32_t)(key >> 32);
	return (struct leaf){ found.value, path, found.more };
}

/* A parent comes before its children. */
static void
intern_list_paths(uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		const struct trace_node *node = tracer_node(i);

		paths[i] = intern_path(paths[node->parent], node->site);
	}
}

/* Entries move with the index, and a path is not kept for each: it is a third of an entry. */
static bool
intern_reserve(void)
{
	uint32_t count = tracer.nodes.count;

	if (!index_is_crowded(&nodes))
		return true;
	paths = hidden_map((count + 1) * sizeof(*paths));
	if (paths) {
		intern_list_paths(count);
		index_grow(&nodes);
		hidden_unmap(paths, (count + 1) * sizeof(*paths));
	}
	return index_has_room(&nodes);
}

struct leaf
intern_make(const struct leaf *outer, uint32_t path, uint32_t site)
{
	struct leaf leaf = intern_find(outer, path, site);
	struct trace_node *made;

	if (leaf.node || !site || !intern_reserve())
		return leaf;
	made = trace_table_next(&tracer.writer, &tracer.nodes);
	if (!made)
		return leaf;
	made->site = site;
	made->parent = outer->node;
	leaf.node = trace_table_publish(&tracer.writer, &tracer.nodes);
	index_add(&nodes, path, intern_key(outer->node, site),
	          (struct index_value){ leaf.node, 0 });
	return leaf;
}

/* ---- where stacks end */

static inline uint64_t
intern_key_of(const struct leaf *leaf)
{
	const struct trace_node *node = tracer_node(leaf->node);

	return intern_key(node->parent, node->site);
}

uint32_t
intern_end(const struct leaf *leaf)
{
	return index_find(&nodes, leaf->path, intern_key_of(leaf)).more;
}

void
intern_set_end(const struct leaf *leaf, uint32_t end)
{
	index_set_more(&nodes, leaf->path, intern_key_of(leaf), end);
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
