/*
 * Ranges of memory in order of address: a treap, whose shape follows from the addresses alone, so
 * that it stays flat (some 2 log2 n steps) in whatever order they come and go. Used by arena.c,
 * within a change and under its lock.
 */
#ifndef PRELOAD_LEDGER_ORDERED_H
#define PRELOAD_LEDGER_ORDERED_H

#include <stddef.h>
#include <stdint.h>

struct ordered_node {
	uint64_t address; /* the key; at most one range begins at each */
	uint64_t size;
	uint64_t share;   /* bytes of it that are counted as its own */
	struct ordered_node *left, *right;
	uint32_t stack;
};

struct ordered {
	struct ordered_node *root;
	size_t count;
};

/* A new range that begins at `address`, where none does; all else in it is 0. NULL: no memory. */
struct ordered_node *ordered_put(struct ordered *tree, uint64_t address);

/* Takes out the range that begins there; its node is gone. */
void ordered_remove(struct ordered *tree, uint64_t address);

/* The last one that begins at or before this address; the first that begins at or after it. Or
 * NULL. */
struct ordered_node *ordered_before(const struct ordered *tree, uint64_t address);
struct ordered_node *ordered_from(const struct ordered *tree, uint64_t address);

/* The one that holds this address (its start, where it has no bytes), or NULL. Ranges of one tree
 * do not overlap. */
struct ordered_node *ordered_holding(const struct ordered *tree, uint64_t address);

#endif
