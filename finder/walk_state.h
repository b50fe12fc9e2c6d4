/*
 * One walk at work, shared by its parts. Nobody else includes this.
 *
 *     walk.c    the order: slots, buckets that hang from them, lists of nodes
 *     cells.c   entries of a bucket and of a node
 *     reach.c   blocks that the walk comes to
 *     hashes.c  hashes of the entries of a list
 */
#ifndef FINDER_WALK_STATE_H
#define FINDER_WALK_STATE_H

#include "finder/state.h"
#include "profiles/bound.h"

/* The expressions of the profile's walk that are asked again and again. */
struct walk_bounds {
	struct profile_bound live, dead, entries, from, next, end, block, size, valid, hash;
	struct profile_bound outside[PROFILE_OUTSIDE_MAX]; /* those that can name a block */
	size_t outside_count;
};

struct walk {
	struct finder *finder;
	struct proof *proof;
	const struct profile *profile;
	const struct profile_walk *text;
	struct walk_bounds bounds;
	struct profile_census *census;
	uint32_t *entries;    /* of each slot, or NULL */
	uint32_t *hashes;     /* of the chain's nodes, [limit], or NULL */
	uint64_t at, stride;  /* of the slots */
	uint64_t slots_end;
	uint64_t asked_to;    /* slots before this address were asked whether they are blank */
	const struct finder_block *array; /* block of the slots */
	uint64_t limit, nodes; /* most chained buckets or nodes, and how many so far */
};

static inline enum proof_result
walk_refuse(struct walk *walk, enum trace_refusal reason)
{
	walk->proof->reason = (uint8_t)reason;
	walk->proof->line = walk->text->line;
	return PROOF_REFUSED;
}

static inline void
walk_set_name(struct walk *walk, enum profile_fixed_name name, uint64_t value)
{
	struct profile_scope *scope = &walk->finder->scope;
	scope->values[name].is_real = false;
	scope->values[name].integer = (int64_t)value;
	scope->known[name] = 1;
}

static inline bool
walk_ask(struct walk *walk, const struct profile_bound *bound, uint64_t *out)
{
	struct finder *finder = walk->finder;
	return profile_bound_value(walk->profile, bound, &finder->scope, &finder->view, out);
}

/* Asks where the profile has such an expression, else gives `otherwise`. */
static inline bool
walk_ask_or(struct walk *walk, const struct profile_bound *bound, uint64_t otherwise,
            uint64_t *out)
{
	*out = otherwise;
	return bound->kind == PROFILE_BOUND_ABSENT || walk_ask(walk, bound, out);
}

/* Zeroed memory for as many numbers at least, in place of what was kept; room 0: there is none. */
void walk_map_entries(struct slot_entries *kept, uint64_t room);

/* cells.c: counts one entry, the present cell or node, and notes its out-of-line key and value. */
enum proof_result cells_note_entry(struct walk *walk);

/* cells.c: counts what the present bucket holds. */
enum proof_result cells_count(struct walk *walk);

/* cells.c: the same for slots of one cell each, from which nothing hangs: *index goes on by as many
 * as were counted, at least one. */
enum proof_result cells_count_slots(struct walk *walk, uint64_t *index);

/* hashes.c: room for the hashes of a chain's nodes, if the profile asks for them; sets hashes. */
void hashes_map(struct walk *walk, uint16_t index);

/* hashes.c: notes that of the present node, which was counted. */
enum proof_result hashes_note(struct walk *walk);

/* reach.c: takes the block of a chained bucket or node. */
enum proof_result reach_block(struct walk *walk, uint64_t node);

#endif
