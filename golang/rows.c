/* Writes the rows of the result from what all steps found. Computes nothing twice: bytes are those
 * of the claims. A map for which time was up is left out, with its claims. */
#include "golang/state.h"

#include <string.h>

enum { SHOWN_MAX = 16, NAME_MAX_BYTES = 256 };

static void
write_types(struct golang_state *state, const struct golang_found *found, struct golang_map *row)
{
	size_t start = state->texts.count;
	char name[NAME_MAX_BYTES];
	for (uint32_t i = 0; i < found->choices; i++) {
		if (i)
			golang_text_add(state, " or ");
		if (i == SHOWN_MAX) {
			golang_text_add(state, "...");
			break;
		}
		golang_type_name(&state->types, &golang_choice(state, found, i)->type, name,
		                 sizeof name);
		golang_text_add(state, name);
	}
	row->candidates = found->choices;
	row->map.type = golang_text_end(state, start);
}

static void
write_bytes(const struct golang_state *state, const struct golang_found *found,
            struct golang_map *row)
{
	const struct golang_header *header = &found->header;
	const struct golang_map_type *type = golang_choice(state, found, 0);
	uint64_t old = header->old ? header->old_groups * type->group.size : 0;
	struct trace_map *map = &row->map;
	if (old > found->bytes[TRACE_BUCKETS])
		old = 0; /* the one old bucket lies on a stack */
	map->header_bytes = found->bytes[TRACE_HEADER];
	map->old_bucket_bytes = old;
	map->bucket_bytes = found->bytes[TRACE_BUCKETS] - old;
	map->overflow_bytes = found->bytes[TRACE_OVERFLOW];
	map->overflow_reserved_bytes = (header->reserve + header->old_reserve) * type->group.size;
	map->overflow_blocks = found->census.chained + found->census.old_chained;
	map->resident_bytes = found->resident;
	memcpy(row->slot_bytes, found->slot_bytes, sizeof row->slot_bytes);
	row->directory_bytes = header->length ? 8 * header->length + 32 * found->census.tables : 0;
	row->element_bytes = type->key.slot + type->value.slot;
}

static void
write_values(const struct golang_state *state, const struct golang_found *found,
             struct golang_map *row)
{
	struct trace_map *map = &row->map;
	if (!state->are_values_known || !found->has_one_layout) {
		map->value_bytes = map->value_blocks = TRACE_UNKNOWN;
		row->slot_bytes[TRACE_VALUES] = TRACE_UNKNOWN;
		row->indirect_bytes = row->shared_bytes = row->residue = TRACE_UNKNOWN;
		return;
	}
	map->value_bytes = found->bytes[TRACE_VALUES];
	map->value_blocks = found->value_blocks;
	row->indirect_bytes = found->indirect_bytes;
	row->shared_bytes = found->shared_bytes;
	row->residue = found->residue;
}

/* Entries that half of its room would not have held: it grew because of them, and they went. Fewer
 * may have come and gone in room that was asked for in advance, or that clear() left. */
static bool
was_filled(const struct golang_found *found, const struct trace_map *map)
{
	uint64_t gone = found->residue + map->tombstones; /* residue: 0 where it is not known */
	return gone > 0 && found->header.count + gone > map->capacity / 2;
}

static void
write_census(const struct golang_state *state, const struct golang_found *found,
             struct golang_map *row)
{
	const struct golang_header *header = &found->header;
	const struct golang_census *census = &found->census;
	bool is_swiss = state->image.release->is_swiss;
	struct trace_map *map = &row->map;
	map->address = header->address;
	map->array = is_swiss ? header->directory : header->array;
	map->count = header->count;
	map->tombstones = is_swiss ? census->dead : 0;
	map->used_buckets = census->used_groups;
	map->longest_chain = is_swiss ? TRACE_UNKNOWN : census->longest;
	map->probes = map->longest_probe = TRACE_UNKNOWN;
	map->capacity = census->slots <= GOLANG_CELLS ? GOLANG_CELLS
	                : is_swiss                    ? census->slots / 8 * 7
	                                              : 13 * (header->groups / 2);
	map->flags = (header->old ? TRACE_MAP_GROWING : 0) |
	             (was_filled(found, map) ? TRACE_MAP_EMPTIED : 0);
	row->overflow_used_reserved = census->reserve_used;
	row->overflow_counter = header->overflow_counter;
	row->bits = header->bits;
	row->tables = (uint32_t)census->tables;
}

static int
write_needed(struct golang_state *state, const struct golang_found *found, struct golang_map *row)
{
	const struct golang_map_type *type = NULL;
	struct trace_map *map = &row->map;
	map->needed_low = UINT64_MAX;
	for (uint32_t i = 0; i < found->choices; i++) {
		const struct golang_map_type *choice = golang_choice(state, found, i);
		struct golang_needed needed;
		if (type && type->shape == choice->shape)
			continue;
		if (golang_needed_of(state, found, choice, &needed) != 0)
			return -1;
		if (!found->has_one_layout)
			needed.pointers = TRACE_UNKNOWN;
		if (!type) {
			map->remedies[0].leaves = map->remedies[0].transient = needed.rebuilt;
			map->remedies[1].leaves = map->remedies[1].transient = needed.pointers;
			if (needed.pointers != TRACE_UNKNOWN)
				map->remedies[1].transient += map->count * choice->value.slot;
		}
		type = choice;
		if (needed.rebuilt < map->needed_low)
			map->needed_low = needed.rebuilt;
		if (needed.high > map->needed_high)
			map->needed_high = needed.high;
	}
	if (map->needed_low != map->needed_high)
		map->flags |= TRACE_MAP_NEEDED_ESTIMATE;
	return 0;
}

static int
make_row(struct golang_state *state, const struct golang_found *found)
{
	struct golang_map *row = array_add(&state->rows, sizeof *row, 1);
	if (!row)
		return -1;
	row->map.profile = row->map.stack = TRACE_NONE;
	row->map.where_module = row->map.where_stack = TRACE_NONE;
	row->map.where = found->is_on_stack ? TRACE_WHERE_STACK : TRACE_WHERE_BLOCK;
	row->map.where_base = found->header.address;
	write_census(state, found, row);
	write_bytes(state, found, row);
	write_values(state, found, row);
	write_types(state, found, row);
	golang_place(state, found, row);
	return write_needed(state, found, row);
}

static int
compare_claims(const void *a, const void *b)
{
	const struct golang_claim *x = a, *y = b;
	if (x->map != y->map)
		return x->map < y->map ? -1 : 1;
	if (x->role != y->role)
		return x->role < y->role ? -1 : 1;
	return x->span_class < y->span_class ? -1 : x->span_class > y->span_class;
}

/* Claims name maps by their number among all that were found; rows leave some of these out. Claims
 * of values that are not known go. */
static void
renumber_claims(struct golang_state *state, const uint32_t *rows)
{
	struct golang_claim *claims = state->claims.at;
	size_t kept = 0;
	for (size_t i = 0; i < state->claims.count; i++) {
		if (rows[claims[i].map] == TRACE_NONE ||
		    (claims[i].role == TRACE_VALUES && !state->are_values_known))
			continue;
		claims[kept] = claims[i];
		claims[kept++].map = rows[claims[i].map];
	}
	state->claims.count = kept;
	array_sort(&state->claims, sizeof *claims, compare_claims);
}

int
golang_rows_make(struct golang_state *state)
{
	const struct golang_found *found = state->found.at;
	uint32_t *rows = array_map((state->found.count + 1) * sizeof *rows);
	int result = rows ? 0 : -1;
	for (size_t i = 0; i < state->found.count && result == 0; i++) {
		size_t before = state->rows.count;
		rows[i] = TRACE_NONE;
		if (found[i].choices == 0 || golang_tick(&state->deadline))
			continue;
		result = make_row(state, &found[i]);
		if (state->deadline.is_over) /* in the middle of it */
			state->rows.count = before;
		else
			rows[i] = (uint32_t)before;
	}
	if (result == 0)
		renumber_claims(state, rows);
	array_unmap(rows);
	return result;
}
