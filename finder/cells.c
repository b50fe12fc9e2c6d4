/*
 * Entries of a walk: counted, and their out-of-line keys and values noted.
 *
 *     bucket | c0 c1 c2 ... c7 |    live ----> 01100101
 *                                   dead ----> 00011010, where not live
 *
 * Most profiles tell a cell by one field of it. Then up to 64 of them are asked in one loop; else,
 * and where their memory cannot be read through pointers, each is asked by itself. Both ways come
 * to the same count.
 */
#include "finder/walk_state.h"

#include "finder/values.h"

enum { TOGETHER = 64 };

/* Notes the out-of-line keys and values of the present cell or node. */
static enum proof_result
note_values(struct walk *walk)
{
	for (size_t i = 0; i < walk->bounds.outside_count; i++) {
		uint64_t address;
		if (walk_ask(walk, &walk->bounds.outside[i], &address) && address != 0 &&
		    values_note(walk->finder, address))
			return PROOF_CUT;
	}
	return PROOF_TRUE;
}

enum proof_result
cells_note_entry(struct walk *walk)
{
	walk->census->live++;
	return note_values(walk);
}

/* Which of the next `count` cells are live, and which are dead. */
static bool
ask_together(struct walk *walk, uint64_t stride, unsigned count, uint64_t *live, uint64_t *dead)
{
	struct finder *finder = walk->finder;
	if (!profile_bound_mask(&walk->bounds.live, &finder->scope, &finder->view, stride, count,
	                        live) ||
	    !profile_bound_mask(&walk->bounds.dead, &finder->scope, &finder->view, stride, count,
	                        dead))
		return false;
	*dead &= ~*live;
	return true;
}

static void
add_up(struct walk *walk, uint64_t live, uint64_t dead)
{
	walk->census->live += (uint64_t)__builtin_popcountll(live);
	walk->census->dead += (uint64_t)__builtin_popcountll(dead);
}

static enum proof_result
count_one_by_one(struct walk *walk)
{
	uint64_t is_set;
	for (uint32_t cell = 0; cell < walk->census->cells; cell++) {
		walk_set_name(walk, PROFILE_NAME_CELL, cell);
		if (!walk_ask_or(walk, &walk->bounds.live, 0, &is_set))
			return walk_refuse(walk, TRACE_REFUSED_WALK);
		if (is_set) {
			enum proof_result result = cells_note_entry(walk);
			if (result != PROOF_TRUE)
				return result;
			continue;
		}
		if (!walk_ask_or(walk, &walk->bounds.dead, 0, &is_set))
			return walk_refuse(walk, TRACE_REFUSED_WALK);
		walk->census->dead += is_set != 0;
	}
	return PROOF_TRUE;
}

static enum proof_result
note_live_cells(struct walk *walk, uint64_t live)
{
	enum proof_result result = PROOF_TRUE;
	for (; live && result == PROOF_TRUE; live &= live - 1) {
		walk_set_name(walk, PROFILE_NAME_CELL, (uint64_t)__builtin_ctzll(live));
		result = note_values(walk);
	}
	return result;
}

/* Entries that the bucket states by itself. */
static enum proof_result
count_stated(struct walk *walk)
{
	uint64_t stated;
	if (!walk_ask(walk, &walk->bounds.entries, &stated) ||
	    __builtin_add_overflow(walk->census->live, stated, &walk->census->live))
		return walk_refuse(walk, TRACE_REFUSED_WALK);
	return PROOF_TRUE;
}

enum proof_result
cells_count(struct walk *walk)
{
	uint64_t live, dead;
	if (walk->bounds.entries.kind != PROFILE_BOUND_ABSENT)
		return count_stated(walk);
	if (walk->census->cells > TOGETHER)
		return count_one_by_one(walk);
	walk_set_name(walk, PROFILE_NAME_CELL, 0);
	if (!ask_together(walk, 0, walk->census->cells, &live, &dead))
		return count_one_by_one(walk);
	add_up(walk, live, dead);
	return walk->bounds.outside_count ? note_live_cells(walk, live) : PROOF_TRUE;
}

static enum proof_result
note_live_slots(struct walk *walk, uint64_t first, uint64_t live)
{
	enum proof_result result = PROOF_TRUE;
	for (; live && result == PROOF_TRUE; live &= live - 1) {
		uint64_t index = first + (uint64_t)__builtin_ctzll(live);
		if (walk->entries)
			walk->entries[index] = 1;
		walk_set_name(walk, PROFILE_NAME_INDEX, index);
		walk_set_name(walk, PROFILE_NAME_BUCKET, walk->at + index * walk->stride);
		if (walk->bounds.outside_count)
			result = note_values(walk);
	}
	return result;
}

enum proof_result
cells_count_slots(struct walk *walk, uint64_t *index)
{
	uint64_t live, dead, first = *index, left = walk->census->slots - first;
	unsigned count = left < TOGETHER ? (unsigned)left : TOGETHER;
	walk_set_name(walk, PROFILE_NAME_CELL, 0);
	if (!ask_together(walk, walk->stride, count, &live, &dead)) {
		uint64_t before = walk->census->live;
		enum proof_result result = count_one_by_one(walk);
		if (walk->entries)
			walk->entries[first] = (uint32_t)(walk->census->live - before);
		*index = first + 1;
		return result;
	}
	add_up(walk, live, dead);
	*index = first + count;
	return walk->bounds.outside_count || walk->entries ? note_live_slots(walk, first, live)
	                                                   : PROOF_TRUE;
}
