/*
 * What a fresh map would hold after the present entries were inserted one by one, by Go's own rule.
 *
 * Classic: the array doubles at an insertion that finds more than 8 entries and more than 6.5 for
 * each bucket. A bucket's number is the hash's low bits, so the entries of each bucket, folded onto
 * fewer bits, give the chains exactly.
 *
 * Swiss: 8 entries in one group; then one table of 16 cells, doubled at 7/8, to 1024; then split in
 * two of 1024 by the hash's next high bit. The directory shows these bits, so the tables of one
 * prefix, added up, show exactly where a fresh map would have split.
 *
 *     bits      0 1 0        directory index of a table, 2^depth of them
 *     prefix   |A|A|B|C|  -> would A and B + C have been one? if their entries fit into one table
 */
#include "golang/state.h"

#include "golang/word.h"

enum {
	CELLS = GOLANG_CELLS,
	TABLE_SIZE = 32,
	TABLE_CELLS_MAX = 1024,
	TABLE_CELLS_MIN = 16,
	TABLE_LIVE_MAX = TABLE_CELLS_MAX / 8 * 7,
	POINTER = 8,
	TOPS = 8,       /* bytes in front of a group's cells */
};

/* ---- classic */

struct folder {
	struct golang_visitor visitor;
	uint64_t *live; /* by folded bucket */
	uint64_t mask;
	bool takes_old; /* entries of the old array too */
};

static bool
fold_group(struct golang_visitor *visitor, const struct golang_group *group)
{
	struct folder *folder = (struct folder *)visitor;
	if (!group->is_old || folder->takes_old)
		folder->live[group->index & folder->mask] +=
		    (unsigned)__builtin_popcount(group->live);
	return true;
}

/* Overflow buckets that these entries need in 2^bits buckets; TRACE_UNKNOWN with errno. */
static uint64_t
count_chained(struct golang_state *state, const struct golang_found *found,
              const struct golang_shape *shape, unsigned bits)
{
	struct golang_header header = found->header;
	struct golang_census census;
	struct folder folder = {
		.visitor.visit_group = fold_group,
		.mask = (1ull << bits) - 1,
		.takes_old = bits != header.bits,
	};
	uint64_t chained = 0;
	state->scratch.count = 0;
	folder.live = array_add(&state->scratch, sizeof *folder.live, 1ull << bits);
	if (!folder.live)
		return TRACE_UNKNOWN;
	if (golang_walk(&state->heap, shape, &header, &folder.visitor, &census) != GOLANG_WALK_DONE)
		return 0; /* time was up: the caller sees it */
	for (uint64_t i = 0; i <= folder.mask; i++)
		if (folder.live[i] > CELLS)
			chained += (folder.live[i] - 1) / CELLS;
	return chained;
}

static unsigned
fit_bits(uint64_t count)
{
	unsigned bits = 0;
	while (count > CELLS && count > 13 * ((1ull << bits) / 2))
		bits++;
	return bits;
}

static int
need_classic(struct golang_state *state, const struct golang_found *found,
             const struct golang_shape *shape, struct golang_needed *needed)
{
	unsigned bits = fit_bits(found->header.count);
	uint64_t reserve = golang_classic_reserve(&state->heap, shape->group_size,
	                                          shape->has_pointers, bits);
	uint64_t chained = count_chained(state, found, shape, bits);
	if (chained == TRACE_UNKNOWN)
		return -1;
	bool may_chain =
	    chained >= reserve && golang_walk_is_moving(&found->header, &found->census);
	if (reserve < chained)
		reserve = chained;
	needed->rebuilt = ((1ull << bits) + reserve) * shape->group_size;
	/* While growing to a size that is needed, the array that is being left is needed too. */
	if (bits == found->header.bits)
		needed->rebuilt += found->old_bytes;
	needed->high = needed->rebuilt + (may_chain ? shape->group_size : 0);
	return 0;
}

/* ---- Swiss */

struct counter {
	struct golang_visitor visitor;
	uint64_t *live; /* by directory index of the table */
	uint64_t length;
};

static bool
count_group(struct golang_visitor *visitor, const struct golang_group *group)
{
	struct counter *counter = (struct counter *)visitor;
	if (group->index < counter->length)
		counter->live[group->index] += (unsigned)__builtin_popcount(group->live);
	return true;
}

static uint64_t
table_cells(uint64_t live)
{
	uint64_t cells = TABLE_CELLS_MIN;
	while (cells < TABLE_CELLS_MAX && live > cells / 8 * 7)
		cells *= 2;
	return cells;
}

struct tables {
	const uint64_t *live;
	struct golang_deadline *deadline;
	uint64_t cells, count;
	unsigned depth; /* of the deepest */
};

/* The tables of all entries whose prefix is that of [first, first + length). */
static void
add_tables(struct tables *tables, uint64_t first, uint64_t length, unsigned depth)
{
	uint64_t live = 0;
	if (golang_is_late(tables->deadline))
		return;
	for (uint64_t i = 0; i < length && live <= TABLE_LIVE_MAX; i++)
		live += tables->live[first + i];
	if (length > 1 && live > TABLE_LIVE_MAX) {
		add_tables(tables, first, length / 2, depth + 1);
		add_tables(tables, first + length / 2, length / 2, depth + 1);
		return;
	}
	tables->cells += depth ? TABLE_CELLS_MAX : table_cells(live);
	tables->count++;
	if (depth > tables->depth)
		tables->depth = depth;
}

static int
need_swiss(struct golang_state *state, const struct golang_found *found,
           const struct golang_shape *shape, struct golang_needed *needed)
{
	struct golang_header header = found->header;
	struct golang_census census;
	struct counter counter = {.visitor.visit_group = count_group, .length = header.length};
	needed->rebuilt = needed->high = shape->group_size;
	if (header.count <= CELLS)
		return 0;
	state->scratch.count = 0;
	counter.live = array_add(&state->scratch, sizeof *counter.live, header.length);
	if (!counter.live)
		return -1;
	golang_walk(&state->heap, shape, &header, &counter.visitor, &census);
	struct tables tables = {.live = counter.live, .deadline = &state->deadline};
	add_tables(&tables, 0, header.length, 0);
	needed->rebuilt = tables.cells / CELLS * shape->group_size + tables.count * TABLE_SIZE +
	                  ((uint64_t)POINTER << tables.depth);
	needed->high = needed->rebuilt;
	return 0;
}

/* ---- pointers instead of values */

/* Bytes that the same cells would take with pointers in the place of values. */
static uint64_t
with_pointers(const struct golang_state *state, const struct golang_found *found,
              const struct golang_map_type *type)
{
	const struct golang_header *header = &found->header;
	if (type->value.is_indirect || type->value.slot <= POINTER ||
	    found->bytes[TRACE_BUCKETS] == 0)
		return TRACE_UNKNOWN;
	if (state->image.release->is_swiss) {
		uint64_t key = (type->key.slot + POINTER - 1) & -(uint64_t)POINTER;
		uint64_t groups = found->census.slots / CELLS;
		uint64_t others = found->bytes[TRACE_BUCKETS] - groups * type->group.size;
		return groups * (TOPS + CELLS * (key + POINTER)) + others;
	}
	uint64_t group = TOPS + CELLS * (type->key.slot + POINTER) + POINTER;
	uint64_t reserve = golang_classic_reserve(&state->heap, group, true, header->bits);
	return (header->groups + reserve + found->census.chained) * group;
}

int
golang_needed_of(struct golang_state *state, const struct golang_found *found,
                 const struct golang_map_type *type, struct golang_needed *needed)
{
	const struct golang_shape *shape = golang_shape_of(state, type);
	*needed = (struct golang_needed){.pointers = with_pointers(state, found, type)};
	if (found->header.count == 0)
		return 0;
	return state->image.release->is_swiss
	           ? need_swiss(state, found, shape, needed)
	           : need_classic(state, found, shape, needed);
}
