/*
 * One walk under way, and the steps that both layouts share. Used by walk.c, classic.c and swiss.c
 * only.
 */
#ifndef GOLANG_WALK_STATE_H
#define GOLANG_WALK_STATE_H

#include "golang/walk.h"

struct golang_walk_state {
	const struct golang_heap *heap;
	const struct golang_shape *shape;
	struct golang_header *header;
	struct golang_visitor *visitor;
	struct golang_census *census;
	bool is_old; /* in the array that a growth has not moved yet */
};

/* Each layout's walk over one map; the count of its entries is compared by the caller. */
enum golang_walk golang_classic_walk(const struct golang_walk_state *walk);
enum golang_walk golang_swiss_walk(const struct golang_walk_state *walk);

/* Tells the visitor of a block that the map owns. */
enum golang_walk golang_walk_tell(const struct golang_walk_state *walk,
                                  const struct golang_block *block, enum trace_role role,
                                  uint64_t bytes);

/* Takes a block of groups: one of just so many bytes, whose type, where it carries one, is that of
 * all others of this map. SHAPE: it is none. */
enum golang_walk golang_walk_take(const struct golang_walk_state *walk, uint64_t address,
                                  enum trace_role role, uint64_t bytes);

/* The same for an array; that of one group may also lie on a goroutine's stack, where its map did
 * not escape. */
enum golang_walk golang_walk_take_array(const struct golang_walk_state *walk, uint64_t address,
                                        uint64_t groups, uint64_t bytes);

/* Shows a group to the visitor. */
enum golang_walk golang_walk_see(const struct golang_walk_state *walk,
                                 const struct golang_group *group);

#endif
