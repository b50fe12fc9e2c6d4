/*
 * Two trees: the sub-blocks, and the outer blocks, which have sub-blocks or hold a map with a name.
 * An outer block leaves the ledger's words but for one, which sends its free our way; see ledger.h.
 *
 *     ledger   | OUTER |  0 ...                          one word: look in `outers`
 *     outers   | address, size, stack, share |           share = size - its sub-blocks
 *     subs     | address, size, stack | address, ...     the first may begin where its outer does
 *
 * Rule: both trees, the names and the counters of all that changes in them move under one lock,
 * within one change.
 */
#include "preload/ledger/arena.h"

#include "preload/ledger/change.h"
#include "preload/ledger/counters.h"
#include "preload/ledger/named.h"
#include "preload/ledger/ordered.h"
#include "preload/lock.h"
#include "preload/shield.h"

static struct ordered subs, outers;
static uint32_t lock;

static inline uint64_t
end_of(const struct ordered_node *node)
{
	return node->address + node->size;
}

static struct ledger_block
block_of(const struct ordered_node *node)
{
	return (struct ledger_block){ node->address, node->share, node->stack };
}

/* ---- the blocks that hold them */

/* A block of the ledger becomes an outer one; NULL: no memory. */
static struct ordered_node *
outer_make(const struct ledger_block *block)
{
	struct ordered_node *outer = ordered_put(&outers, block->address);
	struct ledger_block same;

	if (!outer)
		return NULL;
	ledger_remove(block->address, &same);
	ledger_set_outer(block->address);
	outer->size = outer->share = block->size;
	outer->stack = block->stack;
	return outer;
}

/* How far before this address the block that holds it can begin: not before what is known to hold
 * something else, and no further than all live bytes together. */
static uint64_t
reach_of(uint64_t address)
{
	const struct trace_header *header = tracer.writer.header;
	const struct ordered_node *sub = ordered_before(&subs, address);
	const struct ordered_node *outer = ordered_before(&outers, address);
	uint64_t reach = header->live_bytes +
	                 ((uint64_t)header->threads_seen << COUNTERS_SLACK_LOG2);

	if (sub && end_of(sub) <= address && address - end_of(sub) < reach)
		reach = address - end_of(sub);
	if (outer && end_of(outer) <= address && address - end_of(outer) < reach)
		reach = address - end_of(outer);
	return reach;
}

/* The outer block that holds this address, made if need be. False: no memory. *outer is NULL where
 * the memory never came from malloc. */
static bool
outer_find(uint64_t address, struct ordered_node **outer)
{
	struct ledger_block block;

	*outer = ordered_holding(&outers, address);
	if (*outer || !ledger_holding(address, reach_of(address), &block))
		return true;
	*outer = outer_make(&block);
	return *outer != NULL;
}

static void
outer_resize(struct thread *thread, struct ordered_node *outer, uint64_t share)
{
	if (!outer)
		return;
	counters_resize(thread, outer->stack, outer->share, share);
	outer->share = share;
}

/* ---- sub-blocks */

static void
sub_remove(struct thread *thread, const struct ordered_node *sub)
{
	struct ordered_node *outer = ordered_holding(&outers, sub->address);

	counters_remove(thread, sub->stack, sub->size);
	if (outer)
		outer_resize(thread, outer, outer->share + sub->size);
	named_remove_range(sub->address, end_of(sub));
	ordered_remove(&subs, sub->address);
}

/* A sub-block that is in the way of a new one was freed without our knowledge. */
static bool
clear_way(struct thread *thread, const struct ledger_block *new)
{
	const struct ordered_node *before = ordered_holding(&subs, new->address), *from;
	bool was_free = !before;

	if (before)
		sub_remove(thread, before);
	while ((from = ordered_from(&subs, new->address)) &&
	       from->address < new->address + new->size) {
		sub_remove(thread, from);
		was_free = false;
	}
	return was_free;
}

static bool
is_outside(const struct ledger_block *sub, const struct ordered_node *outer)
{
	const struct ordered_node *next = ordered_from(&outers, sub->address + 1);
	uint64_t end;

	if (__builtin_add_overflow(sub->address, sub->size, &end))
		return true;
	return outer ? end > end_of(outer) : next && next->address < end;
}

static enum arena_outcome
add(struct thread *thread, const struct ledger_block *sub)
{
	struct ordered_node *outer, *node;
	bool was_free;

	if (!outer_find(sub->address, &outer))
		return ARENA_FULL;
	if (is_outside(sub, outer))
		return ARENA_OUTSIDE;
	was_free = clear_way(thread, sub);
	node = ordered_put(&subs, sub->address);
	if (!node)
		return ARENA_FULL;
	node->size = node->share = sub->size;
	node->stack = sub->stack;
	/* first less, then more: the peak is what it was */
	if (outer)
		outer_resize(thread, outer, outer->share - sub->size);
	counters_add(thread, sub->stack, sub->size);
	return was_free ? ARENA_DONE : ARENA_OVERLAPS;
}

enum arena_outcome
arena_add(struct thread *thread, const struct ledger_block *sub)
{
	enum arena_outcome outcome;
	struct shield shield;

	shield_take(&shield, &lock);
	outcome = add(thread, sub);
	shield_release(&shield, &lock);
	return outcome;
}

static bool
begins(const struct ordered_node *node, uint64_t address)
{
	return node && node->address == address;
}

enum arena_outcome
arena_remove(struct thread *thread, uint64_t address)
{
	const struct ordered_node *sub;
	bool is_known;
	struct shield shield;

	shield_take(&shield, &lock);
	sub = ordered_before(&subs, address);
	is_known = begins(sub, address);
	if (is_known)
		sub_remove(thread, sub);
	shield_release(&shield, &lock);
	return is_known ? ARENA_DONE : ARENA_UNKNOWN;
}

bool
arena_remove_one(struct thread *thread, uint64_t start, uint64_t end)
{
	const struct ordered_node *sub;
	bool is_one;
	struct shield shield;

	shield_take(&shield, &lock);
	sub = ordered_from(&subs, start);
	is_one = sub && sub->address < end;
	if (is_one)
		sub_remove(thread, sub);
	shield_release(&shield, &lock);
	return is_one;
}

void
arena_restore(uint64_t address)
{
	const struct ordered_node *outer;
	struct ledger_block block, stale;
	bool full;
	struct shield shield;

	shield_take(&shield, &lock);
	outer = ordered_before(&outers, address);
	if (begins(outer, address)) {
		block = block_of(outer);
		named_remove_range(address, end_of(outer));
		ordered_remove(&outers, address);
		ledger_clear_outer(address);
		ledger_add(&block, &stale, &full); /* its page is there: it was in it before */
	}
	shield_release(&shield, &lock);
}

void
arena_forget(struct thread *thread, uint64_t address)
{
	const struct ordered_node *outer = ordered_before(&outers, address);
	uint64_t end = begins(outer, address) ? end_of(outer) : address;

	while (arena_remove_one(thread, address, end)) {
	}
	arena_restore(address);
}

void
arena_dissolve(struct thread *thread, uint64_t address)
{
	const struct ordered_node *outer;
	uint64_t end;
	bool is_left = true;
	struct shield shield;

	shield_take(&shield, &lock);
	outer = ordered_before(&outers, address);
	end = begins(outer, address) ? end_of(outer) : address;
	shield_release(&shield, &lock);
	while (is_left) {
		change_begin(thread);
		is_left = arena_remove_one(thread, address, end);
		if (!is_left)
			arena_restore(address);
		change_end(thread);
	}
}

/* ---- of both kinds */

/* The node that begins there; sub-blocks go before the block that holds them. */
static struct ordered_node *
node_at(uint64_t address)
{
	struct ordered_node *node = ordered_before(&subs, address);

	if (!begins(node, address))
		node = ordered_before(&outers, address);
	return begins(node, address) ? node : NULL;
}

bool
arena_find(uint64_t address, struct ledger_block *out)
{
	const struct ordered_node *node;
	struct shield shield;

	shield_take(&shield, &lock);
	node = node_at(address);
	if (node)
		*out = block_of(node);
	shield_release(&shield, &lock);
	return node || ledger_find(address, out);
}

enum arena_outcome
arena_move(struct thread *thread, uint64_t address, uint32_t stack)
{
	struct ledger_block block, stale;
	struct ordered_node *node;
	bool is_known, full = false;
	struct shield shield;

	shield_take(&shield, &lock);
	node = node_at(address);
	is_known = node || ledger_remove(address, &block);
	if (node) {
		block = block_of(node);
		node->stack = stack;
	}
	if (is_known)
		counters_turn(thread, block.stack, stack, block.size);
	block.stack = stack;
	if (is_known && !node)
		ledger_add(&block, &stale, &full);
	if (full)
		counters_remove(thread, stack, block.size);
	shield_release(&shield, &lock);
	return full ? ARENA_FULL : is_known ? ARENA_DONE : ARENA_UNKNOWN;
}

enum arena_outcome
arena_name(uint64_t address, const char *name)
{
	struct ordered_node *outer;
	bool is_kept = true;
	struct shield shield;

	shield_take(&shield, &lock);
	if (!name)
		named_remove(address);
	else
		is_kept = (ordered_holding(&subs, address) || outer_find(address, &outer)) &&
		          named_put(address, name);
	shield_release(&shield, &lock);
	return is_kept ? ARENA_DONE : ARENA_FULL;
}

/* ---- all of them */

static bool
has_subs(const struct ordered_node *outer)
{
	const struct ordered_node *sub = ordered_from(&subs, outer->address);

	return sub && sub->address < end_of(outer);
}

void
arena_each(void (*visit)(const struct ledger_block *block, bool is_rest, void *context),
           void *context)
{
	const struct ordered *trees[] = { &subs, &outers };

	for (int i = 0; i < 2; i++) {
		const struct ordered_node *node = ordered_from(trees[i], 0);

		for (; node; node = ordered_from(trees[i], node->address + 1)) {
			struct ledger_block block = block_of(node);

			visit(&block, trees[i] == &outers && has_subs(node), context);
		}
	}
}

void
arena_after_fork(void)
{
	lock_release(&lock);
}
