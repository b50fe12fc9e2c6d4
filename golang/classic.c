/*
 * Go's map up to 1.23: 2^B buckets of 8 cells, each with a chain of overflow buckets; see walk.h.
 *
 *     header   0 count | 8 flags | 9 B | 10 overflow count | 12 seed
 *             16 array | 24 old array | 32 moved | 40 extra
 *     array   | 2^B buckets | reserve: from B = 4 on 2^(B-4) overflow buckets, and what rounding
 *             adds |
 *     bucket  | 8 top bytes | 8 keys | 8 values | overflow pointer |
 *     top     0 free and all behind it too; 1 free; 2 to 4 moved to the new array; from 5 an entry
 *
 * While it grows, entries are in both arrays: a bucket of the old one has them until it is moved.
 *
 * What must never break: no chain is longer than there are blocks for it in the heap, so that a
 * circle ends.
 */
#include "golang/walk_state.h"
#include "golang/word.h"

enum {
	FLAG_WRITING = 4,
	FLAG_SAME_SIZE = 8,
	FLAGS = 15,
	BITS_MAX = 40,
	RESERVE_FROM = 4,  /* B */
	TOP_MOVED = 2,
	TOP_ENTRY = 5,
	EXTRA_SIZE = 24,
	SLICE_SIZE = 24,
	LIST_MAX = 1 << 30, /* overflow buckets of one map */
};

struct walk {
	struct golang_walk_state base;
	uint64_t array, groups, reserve; /* of the array under way */
	uint64_t chained, chained_max;   /* overflow buckets so far, and how many there can be */
};

uint64_t
golang_classic_reserve(const struct golang_heap *heap, uint64_t group_size, bool has_pointers,
                       unsigned bits)
{
	uint64_t groups = 1ull << bits;
	if (bits < RESERVE_FROM)
		return 0;
	uint64_t bytes = (groups + (groups >> 4)) * group_size;
	uint64_t usable = golang_slot_size(heap, bytes, has_pointers) -
	                  golang_front_size(heap, bytes, has_pointers);
	return usable / group_size - groups;
}

/* Whether a block in use holds the address, or nothing is asked of it. */
static bool
may_point_at(const struct golang_heap *heap, uint64_t address)
{
	return address % 8 == 0 && golang_span_of(heap, address);
}

bool
golang_classic_read(const struct golang_heap *heap, uint64_t address, struct golang_header *header)
{
	const void *at = heap->memory->view(heap->memory, address, GOLANG_HEADER_SIZE);
	if (!at)
		return false;
	uint8_t flags = (uint8_t)word_of(at, 8, 1);
	*header = (struct golang_header){
		.address = address,
		.count = word_of(at, 0, 8),
		.is_busy = flags & FLAG_WRITING,
		.is_same_size = flags & FLAG_SAME_SIZE,
		.bits = (uint8_t)word_of(at, 9, 1),
		.overflow_counter = (uint16_t)word_of(at, 10, 2),
		.array = word_of(at, 16, 8),
		.old = word_of(at, 24, 8),
		.moved = word_of(at, 32, 8),
		.extra = word_of(at, 40, 8),
	};
	if (flags & ~FLAGS || header->bits > BITS_MAX || !may_point_at(heap, header->array))
		return false;
	header->groups = 1ull << header->bits;
	if (header->count > header->groups << 7 || header->moved > header->groups)
		return false;
	if (header->extra && !may_point_at(heap, header->extra))
		return false;
	if (header->old == 0)
		return true;
	header->old_groups = header->is_same_size ? header->groups : header->groups / 2;
	return may_point_at(heap, header->old) && header->old_groups != 0;
}

/* ---- arrays and what belongs to them */

static enum golang_walk
take_array(struct walk *walk, uint64_t array, uint64_t groups)
{
	const struct golang_heap *heap = walk->base.heap;
	const struct golang_shape *shape = walk->base.shape;
	walk->array = array;
	walk->groups = groups;
	walk->reserve = 0;
	if (groups > heap->high - heap->low)
		return GOLANG_WALK_SHAPE;
	walk->reserve = golang_classic_reserve(heap, shape->group_size, shape->has_pointers,
	                                       (unsigned)__builtin_ctzll(groups));
	return golang_walk_take_array(&walk->base, array, groups,
	                              (groups + walk->reserve) * shape->group_size);
}

/* The record of overflow buckets, which keeps those without pointers alive. */
static enum golang_walk
take_list(const struct golang_walk_state *walk, uint64_t slice)
{
	struct golang_block block;
	if (slice == 0)
		return GOLANG_WALK_DONE;
	if (!golang_block_of(walk->heap, slice, &block))
		return GOLANG_WALK_BROKEN;
	enum golang_walk outcome = golang_walk_tell(walk, &block, TRACE_HEADER, SLICE_SIZE);
	uint64_t list = word_at(walk->heap->memory, slice);
	uint64_t room = word_at(walk->heap->memory, slice + 16);
	if (outcome != GOLANG_WALK_DONE || list == 0)
		return outcome;
	if (room > LIST_MAX || !golang_block_of(walk->heap, list, &block) ||
	    room * 8 > block.span->object_size)
		return GOLANG_WALK_BROKEN;
	return golang_walk_tell(walk, &block, TRACE_HEADER, room * 8);
}

static enum golang_walk
take_extra(struct golang_walk_state *walk)
{
	struct memory *memory = walk->heap->memory;
	uint64_t extra = walk->header->extra;
	struct golang_block block;
	if (extra == 0)
		return GOLANG_WALK_DONE;
	if (!golang_is_block_of_size(walk->heap, extra, EXTRA_SIZE, true, &block))
		return GOLANG_WALK_SHAPE;
	enum golang_walk outcome = golang_walk_tell(walk, &block, TRACE_HEADER, EXTRA_SIZE);
	if (outcome == GOLANG_WALK_DONE)
		outcome = take_list(walk, word_at(memory, extra));
	walk->is_old = true;
	if (outcome == GOLANG_WALK_DONE)
		outcome = take_list(walk, word_at(memory, extra + 8));
	walk->is_old = false;
	return outcome;
}

/* ---- buckets and chains */

/* What the top bytes say; false if they cannot stand there. */
static bool
read_tops(bool is_old, uint64_t tops, struct golang_group *group)
{
	for (unsigned i = 0; i < GOLANG_CELLS; i++, tops >>= 8) {
		uint8_t top = tops & 0xff;
		if (top >= TOP_ENTRY)
			group->live |= 1u << i;
		else if (top >= TOP_MOVED && !is_old)
			return false;
		else if (top == 1)
			group->dead |= 1u << i;
	}
	return true;
}

static enum golang_walk
place_overflow(struct walk *walk, struct golang_group *group)
{
	const struct golang_walk_state *base = &walk->base;
	uint64_t size = base->shape->group_size, behind = walk->array + walk->groups * size;
	if (walk->chained++ >= walk->chained_max)
		return GOLANG_WALK_BROKEN;
	if (group->address >= behind && group->address < behind + walk->reserve * size) {
		group->place = GOLANG_IN_RESERVE;
		base->census->reserve_used += !base->is_old;
		return (group->address - behind) % size ? GOLANG_WALK_BROKEN : GOLANG_WALK_DONE;
	}
	group->place = GOLANG_IN_CHAIN;
	*(base->is_old ? &base->census->old_chained : &base->census->chained) += 1;
	enum golang_walk outcome = golang_walk_take(base, group->address, TRACE_OVERFLOW, size);
	return outcome == GOLANG_WALK_SHAPE ? GOLANG_WALK_BROKEN : outcome;
}

static enum golang_walk
walk_chain(struct walk *walk, uint64_t index)
{
	const struct golang_walk_state *base = &walk->base;
	struct golang_census *census = base->census;
	uint64_t size = base->shape->group_size, live = 0;
	uint64_t address = walk->array + index * size;
	for (bool is_first = true; address; is_first = false) {
		struct golang_group group = {
			.address = address, .index = index, .is_old = base->is_old,
		};
		enum golang_walk outcome = is_first ? GOLANG_WALK_DONE
		                                    : place_overflow(walk, &group);
		if (outcome != GOLANG_WALK_DONE)
			return outcome;
		const void *bytes = base->heap->memory->view(base->heap->memory, address, size);
		if (!bytes || !read_tops(base->is_old, word_of(bytes, 0, 8), &group))
			return GOLANG_WALK_BROKEN;
		address = word_of(bytes, size - 8, 8);
		live += (unsigned)__builtin_popcount(group.live);
		census->dead += (unsigned)__builtin_popcount(group.dead);
		outcome = golang_walk_see(base, &group);
		if (outcome != GOLANG_WALK_DONE)
			return outcome;
	}
	census->live += live;
	census->used_groups += live != 0;
	if (live > census->longest)
		census->longest = live;
	return GOLANG_WALK_DONE;
}

static enum golang_walk
walk_array(struct walk *walk, uint64_t array, uint64_t groups, uint64_t *reserve)
{
	enum golang_walk outcome = take_array(walk, array, groups);
	*reserve = walk->reserve;
	for (uint64_t i = 0; i < groups && outcome == GOLANG_WALK_DONE; i++)
		outcome = walk_chain(walk, i);
	return outcome;
}

enum golang_walk
golang_classic_walk(const struct golang_walk_state *base)
{
	const struct golang_heap *heap = base->heap;
	struct golang_header *header = base->header;
	/* No more buckets are chained than the heap has blocks and the reserves. */
	struct walk walk = {
		.base = *base,
		.chained_max = 2 * header->groups + heap->of_kind[!base->shape->has_pointers],
	};
	enum golang_walk outcome = take_extra(&walk.base);
	if (outcome == GOLANG_WALK_DONE)
		outcome = walk_array(&walk, header->array, header->groups, &header->reserve);
	walk.base.is_old = true;
	if (outcome == GOLANG_WALK_DONE && header->old)
		outcome = walk_array(&walk, header->old, header->old_groups, &header->old_reserve);
	base->census->slots = GOLANG_CELLS * header->groups;
	return outcome;
}
