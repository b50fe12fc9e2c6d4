/*
 * Where the nodes of the tree of all stacks lie, by their paths (see intern.h), and the stack that
 * ends at each. Finding takes no lock and may run beside one thread that adds.
 */
#ifndef PRELOAD_STACKS_NODES_H
#define PRELOAD_STACKS_NODES_H

#include <stdbool.h>
#include <stdint.h>

struct node_found {
	uint32_t node; /* 0: there is none */
	uint32_t end;  /* what nodes_set_end has set; 0: nothing yet */
};

/* Asks the processor to fetch what nodes_find will look at. */
void nodes_expect(uint32_t path);

/* The node of this site under this parent; `path` is its own. */
struct node_found nodes_find(uint32_t path, uint32_t parent, uint32_t site);

/* A node of this site at about this path, whatever its parent; none where the first line that it
 * may lie in has none. */
struct node_found nodes_guess(uint32_t path, uint32_t site);

/* ---- one thread at a time */

/* Grows where it should. False: there is no room for another node. */
bool nodes_reserve(void);

/* Adds the node that was published last, for which there is room. */
void nodes_add(uint32_t path, uint32_t node);

/* Of a node that was added. */
void nodes_set_end(uint32_t path, uint32_t node, uint32_t end);

#endif
