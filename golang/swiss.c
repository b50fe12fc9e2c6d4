/*
 * Go's map from 1.24 on: groups of 8 cells in tables of up to 1024; see walk.h.
 *
 *     header    0 entries | 8 seed | 16 directory | 24 its length | 32 depth | 33 shift |
 *               34 writing
 *     directory | table | table | table | ...   2^depth pointers; a table of a lower depth stands
 *                                               2^(depth - its own) times in a row
 *     table     0 entries u16 | 2 cells u16 | 4 left u16 | 6 depth | 8 index | 16 groups | 24 mask
 *     group     | 8 control bytes | 8 cells of key and value |
 *     control   below 0x80 an entry; 0x80 free; 0xFE deleted, not free before a rehash
 *
 * A map that never had more than 8 entries has one group in the place of the directory.
 */
#include "golang/walk_state.h"
#include "golang/word.h"

enum {
	DEPTH_MAX = 40,
	TABLE_SIZE = 32,
	TABLE_CELLS_MAX = 1024,
	CONTROL_FREE = 0x80,
	CONTROL_DELETED = 0xfe,
	WORD_BITS = 64,
};

struct table {
	uint64_t live, cells, left;
	uint8_t depth;
	uint64_t index, groups, count; /* count: of groups */
};

bool
golang_swiss_read(const struct golang_heap *heap, uint64_t address, struct golang_header *header)
{
	const void *at = heap->memory->view(heap->memory, address, GOLANG_HEADER_SIZE);
	if (!at)
		return false;
	uint64_t shift = word_of(at, 33, 1), writing = word_of(at, 34, 1);
	*header = (struct golang_header){
		.address = address,
		.count = word_of(at, 0, 8),
		.directory = word_of(at, 16, 8),
		.length = word_of(at, 24, 8),
		.bits = (uint8_t)word_of(at, 32, 1),
		.is_busy = writing != 0,
	};
	if (writing > 1 || header->bits > DEPTH_MAX || header->directory == 0 ||
	    header->directory % 8 || !golang_span_of(heap, header->directory))
		return false;
	if (header->length == 0)
		return header->count <= GOLANG_CELLS && header->bits == 0 &&
		       (shift == 0 || shift == WORD_BITS);
	return header->length == 1ull << header->bits &&
	       shift == WORD_BITS - (uint64_t)header->bits &&
	       header->count <= header->length * TABLE_CELLS_MAX;
}

static enum golang_walk
take_groups(const struct golang_walk_state *walk, uint64_t groups, uint64_t count)
{
	return golang_walk_take_array(walk, groups, count, count * walk->shape->group_size);
}

static bool
read_controls(uint64_t controls, struct golang_group *group)
{
	for (unsigned i = 0; i < GOLANG_CELLS; i++, controls >>= 8) {
		uint8_t control = controls & 0xff;
		if (control < CONTROL_FREE)
			group->live |= 1u << i;
		else if (control == CONTROL_DELETED)
			group->dead |= 1u << i;
		else if (control != CONTROL_FREE)
			return false;
	}
	return true;
}

static enum golang_walk
walk_group(const struct golang_walk_state *walk, struct golang_group *group)
{
	struct golang_census *census = walk->census;
	struct memory *memory = walk->heap->memory;
	const void *bytes = memory->view(memory, group->address, walk->shape->group_size);
	if (!bytes || !read_controls(word_of(bytes, 0, 8), group))
		return GOLANG_WALK_BROKEN;
	unsigned live = (unsigned)__builtin_popcount(group->live);
	census->live += live;
	census->dead += (unsigned)__builtin_popcount(group->dead);
	census->used_groups += live != 0;
	if (live > census->longest)
		census->longest = live;
	return golang_walk_see(walk, group);
}

static bool
read_table(const struct golang_walk_state *walk, uint64_t address, struct table *table,
           struct golang_block *block)
{
	const void *at;
	if (!golang_is_block_of_size(walk->heap, address, TABLE_SIZE, true, block))
		return false;
	at = walk->heap->memory->view(walk->heap->memory, address, TABLE_SIZE);
	if (!at)
		return false;
	*table = (struct table){
		.live = word_of(at, 0, 2),
		.cells = word_of(at, 2, 2),
		.left = word_of(at, 4, 2),
		.depth = (uint8_t)word_of(at, 6, 1),
		.index = word_of(at, 8, 8),
		.groups = word_of(at, 16, 8),
		.count = word_of(at, 24, 8) + 1,
	};
	return table->count - 1 < TABLE_CELLS_MAX / GOLANG_CELLS &&
	       (table->count & (table->count - 1)) == 0 &&
	       table->cells == table->count * GOLANG_CELLS && table->live <= table->cells &&
	       table->depth <= walk->header->bits;
}

/* What it says of itself must agree with its cells: entries, and room that is left. */
static enum golang_walk
walk_table(const struct golang_walk_state *walk, const struct table *table)
{
	struct golang_census *census = walk->census;
	uint64_t live = census->live, dead = census->dead;
	uint64_t most = table->cells <= GOLANG_CELLS ? table->cells - 1 : table->cells / 8 * 7;
	enum golang_walk outcome = take_groups(walk, table->groups, table->count);
	for (uint64_t i = 0; i < table->count && outcome == GOLANG_WALK_DONE; i++) {
		struct golang_group group = {
			.address = table->groups + i * walk->shape->group_size,
			.index = table->index,
			.depth = table->depth,
		};
		outcome = walk_group(walk, &group);
	}
	if (outcome != GOLANG_WALK_DONE)
		return outcome;
	census->tables++;
	census->slots += table->cells;
	live = census->live - live;
	dead = census->dead - dead;
	return live == table->live && table->left == most - live - dead ? GOLANG_WALK_DONE
	                                                                : GOLANG_WALK_COUNT;
}

static enum golang_walk
walk_directory(const struct golang_walk_state *walk)
{
	const struct golang_header *header = walk->header;
	struct memory *memory = walk->heap->memory;
	struct golang_block block;
	if (!golang_is_block_of_size(walk->heap, header->directory, 8 * header->length, true,
	                             &block))
		return GOLANG_WALK_SHAPE;
	enum golang_walk outcome =
	    golang_walk_tell(walk, &block, TRACE_BUCKETS, 8 * header->length);
	for (uint64_t i = 0, same; i < header->length && outcome == GOLANG_WALK_DONE; i += same) {
		struct table table;
		uint64_t address = word_at(memory, header->directory + 8 * i);
		if (!read_table(walk, address, &table, &block) || table.index != i)
			return GOLANG_WALK_BROKEN;
		same = 1ull << (header->bits - table.depth);
		for (uint64_t k = 1; k < same; k++)
			if (golang_tick(walk->heap->image->deadline))
				return GOLANG_WALK_LATE;
			else if (word_at(memory, header->directory + 8 * (i + k)) != address)
				return GOLANG_WALK_BROKEN;
		outcome = golang_walk_tell(walk, &block, TRACE_BUCKETS, TABLE_SIZE);
		if (outcome == GOLANG_WALK_DONE)
			outcome = walk_table(walk, &table);
	}
	return outcome;
}

/* The one group has no room that is left and no deleted cells. */
static enum golang_walk
walk_small(const struct golang_walk_state *walk)
{
	struct golang_group group = {.address = walk->header->directory};
	enum golang_walk outcome = take_groups(walk, group.address, 1);
	if (outcome == GOLANG_WALK_DONE)
		outcome = walk_group(walk, &group);
	walk->census->slots = GOLANG_CELLS;
	return outcome == GOLANG_WALK_DONE && group.dead ? GOLANG_WALK_BROKEN : outcome;
}

enum golang_walk
golang_swiss_walk(const struct golang_walk_state *walk)
{
	return walk->header->length ? walk_directory(walk) : walk_small(walk);
}
