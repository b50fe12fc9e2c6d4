/*
 * The parts of a proved map: the byte ranges of blocks that are its own by its profile's word. Used
 * by attribute.c only.
 */
#ifndef FINDER_PARTS_H
#define FINDER_PARTS_H

#include "finder/state.h"

struct part {
	uint32_t block;
	uint32_t line;
	uint8_t kind; /* enum profile_part_kind */
	uint64_t bytes;
};

struct parts {
	struct part at[PROFILE_PARTS_MAX];
	size_t count;
};

/* The parts of finder->proof's map. PROOF_REFUSED, with reason and line in proof, where they do not
 * add up to their blocks, belong to another map, or leave out the block that its anchor means. */
enum proof_result parts_evaluate(struct finder *finder, struct parts *parts);

/* Gives the parts to the map. Returns 0, or -1 when memory was refused. */
int parts_claim(struct finder *finder, const struct parts *parts);

#endif
