/*
 * What the walks of both layouts have in common; see walk.h and walk_state.h.
 */
#include "golang/walk_state.h"

#include <string.h>

enum golang_walk
golang_walk_tell(const struct golang_walk_state *walk, const struct golang_block *block,
                 enum trace_role role, uint64_t bytes)
{
	struct golang_visitor *visitor = walk->visitor;
	if (!visitor || !visitor->visit_block ||
	    visitor->visit_block(visitor, block, role, bytes, walk->is_old))
		return GOLANG_WALK_DONE;
	return GOLANG_WALK_STOPPED;
}

enum golang_walk
golang_walk_see(const struct golang_walk_state *walk, const struct golang_group *group)
{
	struct golang_visitor *visitor = walk->visitor;
	if (golang_tick(walk->heap->image->deadline))
		return GOLANG_WALK_LATE;
	if (!visitor || !visitor->visit_group || visitor->visit_group(visitor, group))
		return GOLANG_WALK_DONE;
	return GOLANG_WALK_STOPPED;
}

/* All blocks of one map that carry a type carry the same. */
static bool
take_carried(const struct golang_walk_state *walk, const struct golang_block *block, uint64_t bytes)
{
	uint64_t carried = golang_carried_type(walk->heap, block, bytes);
	if (carried == 0 || carried == walk->header->group_type)
		return true;
	if (walk->header->group_type)
		return false;
	walk->header->group_type = carried;
	return true;
}

enum golang_walk
golang_walk_take(const struct golang_walk_state *walk, uint64_t address, enum trace_role role,
                 uint64_t bytes)
{
	struct golang_block block;
	if (!golang_is_block_of_size(walk->heap, address, bytes, walk->shape->has_pointers,
	                             &block) ||
	    !take_carried(walk, &block, bytes))
		return GOLANG_WALK_SHAPE;
	return golang_walk_tell(walk, &block, role, bytes);
}

enum golang_walk
golang_walk_take_array(const struct golang_walk_state *walk, uint64_t address, uint64_t groups,
                       uint64_t bytes)
{
	const struct golang_span *span = golang_span_of(walk->heap, address);
	if (groups == 1 && span && span->objects == 0)
		return GOLANG_WALK_DONE;
	return golang_walk_take(walk, address, TRACE_BUCKETS, bytes);
}

/* A growth marks an entry as moved before it writes it where it goes, and as the new bucket's page
 * is touched there for the first time, many a program is stopped between the two. */
bool
golang_walk_is_moving(const struct golang_header *header, const struct golang_census *census)
{
	return header->is_busy && header->old && census->live + 1 == header->count;
}

enum golang_walk
golang_walk(const struct golang_heap *heap, const struct golang_shape *shape,
            struct golang_header *header, struct golang_visitor *visitor,
            struct golang_census *census)
{
	const struct golang_walk_state walk = {
		.heap = heap, .shape = shape, .header = header,
		.visitor = visitor, .census = census,
	};
	memset(census, 0, sizeof *census);
	header->group_type = 0;
	enum golang_walk outcome = heap->image->release->is_swiss ? golang_swiss_walk(&walk)
	                                                          : golang_classic_walk(&walk);
	if (outcome != GOLANG_WALK_DONE)
		return outcome;
	return census->live == header->count || golang_walk_is_moving(header, census)
	           ? GOLANG_WALK_DONE
	           : GOLANG_WALK_COUNT;
}
