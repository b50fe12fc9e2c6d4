/*
 * One run of the finder, shared by its parts. Nobody outside finder/ includes this.
 *
 *     anchors.c    which words can be anchors
 *     sieve.c      words that may point at a block
 *     glance.c     what has to lie around an anchor
 *     scan.c       words -> candidates whose cheap steps are true
 *     prove.c      a candidate's steps, walks included
 *     walk.c       tables and chains; with cells.c (census) and reach.c (blocks reached)
 *     values.c     out-of-line keys and values that walks meet
 *     attribute.c  parts, the row of the map, its claims
 *     parted.c     buckets' lengths in a list that runs through all of them
 *     probes.c     places that searches look at; with parted.c by table.c, where slots lie
 *     refuse.c     candidates that were not proved, as rows
 *     finder.c     the order of all this
 *
 * What must never break: finder_block.map and the claims agree at every moment. Whatever a
 * candidate took is given back when it is refused (attribute_undo), so a wrong guess leaves no
 * trace.
 */
#ifndef FINDER_STATE_H
#define FINDER_STATE_H

#include "finder/array.h"
#include "finder/blocks.h"
#include "finder/finder.h"

/* A guessed header. The value of `where` is its rank too: where two headers claim one array, the
 * lower wins, then the lower address, on a stack the higher one. */
struct candidate {
	uint64_t header;
	uint32_t block;   /* the block that its anchor points at */
	uint16_t profile; /* index into the input's profiles */
	uint8_t anchor;
	uint8_t where;    /* enum trace_where */
};

struct refusal {
	uint32_t block;
	uint32_t line;
	uint16_t profile;
	uint8_t where;
	uint8_t reason; /* enum trace_refusal */
	uint16_t step;  /* how far its proof went */
};

/* An out-of-line key or value. Given to its map at the end, and only if no map's structure wants
 * the block: a value may be another map's header. */
struct value {
	uint32_t block, map;
};

/* Addresses that wait to be looked up together; see values.h. */
enum { VALUES_GROUP = BLOCKS_GROUP };
struct values_noted {
	uint64_t addresses[VALUES_GROUP];
	uint32_t count;
};

/* Counters that a census points at, kept for the next map. */
struct slot_entries {
	uint32_t *at;
	uint64_t room;
};

enum proof_result { PROOF_TRUE, PROOF_REFUSED, PROOF_WALK_NEXT, PROOF_CUT };

/* The candidate at hand. */
struct proof {
	const struct candidate *candidate;
	const struct profile *profile;
	uint32_t map;         /* index that it gets if proved */
	size_t claims_before, values_before;
	uint16_t step;        /* present step */
	int last_walk;        /* last WALK step that ran, or -1 */
	uint64_t node_size;   /* of the chained blocks, if all alike; 0: none yet; TRACE_UNKNOWN:
	                       * mixed */
	bool is_raised;       /* mid-erase: one entry was added to the census */
	uint8_t reason;       /* PROOF_REFUSED: enum trace_refusal ... */
	uint32_t line;        /* ... and the line that was not true, or 0 */
	uint64_t chained_bytes, chained_blocks; /* of role overflow */
	size_t claims_of[PROFILE_WALKS_MAX]; /* where those of each walk's nodes begin */
};

struct finder {
	const struct finder_input *input;
	struct memory *memory;
	const struct memory_region *near; /* region of the last read */
	struct blocks blocks;
	uint32_t freeing; /* block whose free is under way, or BLOCKS_NONE */
	struct profile_memory view; /* how expressions see all this */
	struct profile_scope scope;
	struct proof proof;
	struct array candidates, refusals, claims, values, maps, refused;
	struct values_noted noted;
	struct slot_entries entries[PROFILE_WALKS_MAX]; /* behind the census of each walk */
	uint64_t *marks; /* a bit for each block, all 0 between uses; NULL: not asked for yet */
	uint64_t deadline_ns;
	uint32_t ticks;
	bool is_late;
	bool is_out_of_memory;
};

/* True once the deadline has passed. Cheap enough for every node of a walk. */
bool finder_is_late(struct finder *finder);

#endif
