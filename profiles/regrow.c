/*
 * How far a fresh table would grow if the entries of a list were added to it one by one, for tables
 * that double by their fullest slot and remember how uneven they were (uthash). No census of slots
 * can tell: it hangs on the order. The list has the order, and each entry keeps its hash.
 *
 *     entry added   its slot counts one more; at 10 * (1 + allowance of the slot) the table doubles
 *     doubled       ideal = entries so far / slots, rounded up. A slot above it gets an allowance.
 *                   More than half of the entries above it, twice in a row: no doubling any more
 *
 * Up to uthash 2.0.2 the allowance is entries / ideal; later it is counted up while the slot fills,
 * which can come out one apart. Nothing in memory names the version, so both are tried.
 *
 * What must never break: it says a size only where both agree, and never writes beyond the room.
 * Each doubling walks the entries again, and the room ends the doublings.
 */
#include "profiles/evaluate.h"

enum { FULL = 10, INEFFECTIVE_MAX = 1 };

struct regrowth {
	const uint32_t *hashes; /* the entry added first is the last */
	uint64_t count, next;   /* of those: all, and where the entry to be added lies */
	uint32_t *entries, *allowance; /* of each slot */
	uint64_t slots, room;
	unsigned bits; /* of a slot's number */
	bool is_divided; /* the older rule */
	bool is_stopped;
	unsigned ineffective; /* in a row */
};

static void
clear(struct regrowth *table)
{
	for (uint64_t slot = 0; slot < table->slots; slot++)
		table->entries[slot] = table->allowance[slot] = 0;
}

/* One entry comes to a slot of the doubled table; true: it is one above the ideal. */
static bool
enter(struct regrowth *table, uint64_t slot, uint64_t ideal)
{
	uint64_t entries = ++table->entries[slot];
	if (entries <= ideal)
		return false;
	if (table->is_divided)
		table->allowance[slot] = (uint32_t)(entries / ideal);
	else if (entries > table->allowance[slot] * ideal)
		table->allowance[slot]++;
	return true;
}

/* False: there is no room for so many slots. */
static bool
grow(struct regrowth *table)
{
	uint64_t added = table->count - table->next, above = 0, ideal;
	if (table->slots > table->room / 2)
		return false;
	table->slots *= 2;
	table->bits++;
	ideal = ((added - 1) >> table->bits) + 1;
	clear(table);
	for (uint64_t i = table->next; i < table->count; i++)
		above += enter(table, table->hashes[i] & (table->slots - 1), ideal);
	table->ineffective = above > added / 2 ? table->ineffective + 1 : 0;
	table->is_stopped = table->ineffective > INEFFECTIVE_MAX;
	return true;
}

/* The slots that it ends with, or 0. */
static uint64_t
regrow(struct regrowth table)
{
	if (table.slots > table.room)
		return 0;
	clear(&table);
	for (table.next = table.count; table.next-- > 0;) {
		uint64_t slot = table.hashes[table.next] & (table.slots - 1);
		uint64_t full = FULL * (UINT64_C(1) + table.allowance[slot]);
		if (++table.entries[slot] >= full && !table.is_stopped && !grow(&table))
			return 0;
	}
	return table.slots;
}

/* Whether the table has entries where each hash leads. */
static bool
is_led_to(const struct profile_census *list, const struct profile_census *table)
{
	if (table->entries == NULL || table->slots == 0 || (table->slots & (table->slots - 1)) != 0)
		return false;
	for (uint64_t i = 0; i < list->live; i++) {
		if (table->entries[list->hashes[i] & (table->slots - 1)] == 0)
			return false;
	}
	return true;
}

bool
regrow_bits(const struct profile_census *list, const struct profile_census *table, int64_t bits,
            int64_t *out)
{
	if (!list->done || !table->done || bits < 0 || bits > 31)
		return false;
	*out = -1;
	if (list->hashes == NULL || list->hashed != list->live || !is_led_to(list, table))
		return true;
	struct regrowth fresh = {
		.hashes = list->hashes,
		.count = list->live,
		.entries = list->room,
		.allowance = list->room + list->room_slots,
		.slots = UINT64_C(1) << bits,
		.bits = (unsigned)bits,
		.room = list->room_slots,
	};
	uint64_t counted = regrow(fresh);
	fresh.is_divided = true;
	if (counted != 0 && regrow(fresh) == counted)
		*out = 63 - __builtin_clzll(counted);
	return true;
}
