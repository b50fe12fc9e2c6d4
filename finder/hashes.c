/*
 * The hashes of a list's entries, in the order of the walk, for profiles that ask how a fresh table
 * would grow as the entries come one by one (regrown()). Called by walk.c, which counts the nodes.
 *
 *     [ hash of each node: limit | entries of each slot | allowance of each slot ]
 *
 * Twice as many slots as there may be nodes: slots double before they are half full, but for hashes
 * that collide as nobody's do. Such a table, or none of this memory, and regrown() cannot say.
 *
 * What must never break: no more hashes are noted than the walk's limit, which the room is for.
 */
#include "finder/walk_state.h"

enum { LEAST_SLOTS = 1 << 10, NODES_MAX = 1 << 30 };

void
hashes_map(struct walk *walk, uint16_t index)
{
	struct slot_entries *kept = &walk->finder->entries[index];
	uint64_t slots = LEAST_SLOTS, room;
	if (!walk->text->is_folded || walk->text->hash.length == 0 || walk->limit > NODES_MAX)
		return;
	while (slots < 2 * walk->limit)
		slots *= 2;
	room = walk->limit + 2 * slots;
	if (kept->room < room)
		walk_map_entries(kept, room);
	if (!kept->at)
		return;
	walk->census->hashes = walk->hashes = kept->at;
	walk->census->room = kept->at + walk->limit;
	walk->census->room_slots = slots;
}

enum proof_result
hashes_note(struct walk *walk)
{
	uint64_t hash;
	if (walk->hashes == NULL)
		return PROOF_TRUE;
	if (!walk_ask(walk, &walk->bounds.hash, &hash))
		return walk_refuse(walk, TRACE_REFUSED_WALK);
	walk->hashes[walk->census->hashed++] = (uint32_t)hash;
	return PROOF_TRUE;
}
