/*
 * The treap; see ordered.h. A node lies above all of lower rank in its subtree, and its rank is a
 * hash of its address.
 *
 *     put:     ... down to the first of lower rank, which is split in two: what begins before the
 *              new one goes to its left, the rest to its right
 *     remove:  ... the two subtrees of what goes become one in its place, the higher rank on top
 *
 * Nodes come from slabs that are never given back: their number follows the most sub-blocks that
 * there were at one time.
 */
#include "preload/ledger/ordered.h"

#include "preload/hidden.h"

#include <stdbool.h>

enum { SLAB_BYTES = 64 * 1024, SLAB_NODES = SLAB_BYTES / sizeof(struct ordered_node) };

static struct ordered_node *free_nodes; /* by `left` */

static bool
nodes_map(void)
{
	struct ordered_node *slab = hidden_map(SLAB_BYTES);

	for (size_t i = 0; slab && i < SLAB_NODES; i++) {
		slab[i].left = free_nodes;
		free_nodes = &slab[i];
	}
	return slab != NULL;
}

static struct ordered_node *
node_take(uint64_t address)
{
	struct ordered_node *node;

	if (!free_nodes && !nodes_map())
		return NULL;
	node = free_nodes;
	free_nodes = node->left;
	*node = (struct ordered_node){ .address = address };
	return node;
}

static inline uint64_t
rank_of(uint64_t address)
{
	uint64_t mixed = (address ^ address >> 32) * UINT64_C(0x9e3779b97f4a7c15);

	return (mixed ^ mixed >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
}

/* Both halves of a subtree, by what begins before `address` and what after it. */
static void
split(struct ordered_node *rest, uint64_t address, struct ordered_node **before,
      struct ordered_node **after)
{
	while (rest) {
		if (rest->address < address) {
			*before = rest;
			before = &rest->right;
			rest = rest->right;
		} else {
			*after = rest;
			after = &rest->left;
			rest = rest->left;
		}
	}
	*before = *after = NULL;
}

struct ordered_node *
ordered_put(struct ordered *tree, uint64_t address)
{
	struct ordered_node **link = &tree->root, *node = node_take(address), *rest;
	uint64_t rank = rank_of(address);

	if (!node)
		return NULL;
	while (*link && rank_of((*link)->address) >= rank)
		link = address < (*link)->address ? &(*link)->left : &(*link)->right;
	rest = *link;
	*link = node;
	split(rest, address, &node->left, &node->right);
	tree->count++;
	return node;
}

/* One subtree of two, all of `before` lying before all of `after`. */
static void
join(struct ordered_node **link, struct ordered_node *before, struct ordered_node *after)
{
	while (before && after) {
		if (rank_of(before->address) >= rank_of(after->address)) {
			*link = before;
			link = &before->right;
			before = before->right;
		} else {
			*link = after;
			link = &after->left;
			after = after->left;
		}
	}
	*link = before ? before : after;
}

void
ordered_remove(struct ordered *tree, uint64_t address)
{
	struct ordered_node **link = &tree->root, *node;

	while (*link && (*link)->address != address)
		link = address < (*link)->address ? &(*link)->left : &(*link)->right;
	node = *link;
	if (!node)
		return;
	join(link, node->left, node->right);
	tree->count--;
	node->left = free_nodes;
	free_nodes = node;
}

struct ordered_node *
ordered_before(const struct ordered *tree, uint64_t address)
{
	struct ordered_node *node = tree->root, *last = NULL;

	while (node) {
		if (node->address <= address)
			last = node;
		node = node->address <= address ? node->right : node->left;
	}
	return last;
}

struct ordered_node *
ordered_from(const struct ordered *tree, uint64_t address)
{
	struct ordered_node *node = tree->root, *first = NULL;

	while (node) {
		if (node->address >= address)
			first = node;
		node = node->address >= address ? node->left : node->right;
	}
	return first;
}

struct ordered_node *
ordered_holding(const struct ordered *tree, uint64_t address)
{
	struct ordered_node *node = ordered_before(tree, address);
	bool holds = node && (address == node->address || address - node->address < node->size);

	return holds ? node : NULL;
}
