/*
 * A sorted table of bounded size: naming is rare, maps that are named are few.
 */
#include "preload/ledger/named.h"

#include "finder/array.h"

#include <string.h>

static struct {
	uint64_t address; /* first: place_of() */
	char name[TRACE_NAME_MAX]; /* terminated */
} names[NAMED_MAX];
static size_t count;

/* The first entry at or behind this address. */
static size_t
place_of(uint64_t address)
{
	return array_below(names, count, sizeof(names[0]), 0, address);
}

static void
take_out(size_t from, size_t to)
{
	memmove(&names[from], &names[to], (count - to) * sizeof(names[0]));
	count -= to - from;
}

bool
named_put(uint64_t address, const char *name)
{
	size_t at = place_of(address);

	if (at == count || names[at].address != address) {
		if (count == NAMED_MAX)
			return false;
		memmove(&names[at + 1], &names[at], (count - at) * sizeof(names[0]));
		count++;
	}
	memset(&names[at], 0, sizeof(names[at]));
	names[at].address = address;
	strncpy(names[at].name, name, sizeof(names[at].name) - 1);
	return true;
}

void
named_remove(uint64_t address)
{
	named_remove_range(address, address + 1);
}

void
named_remove_range(uint64_t start, uint64_t end)
{
	size_t from = place_of(start);

	take_out(from, place_of(end));
}

/* The name that is told so near before this map, by its place in the table; -1: none. */
static ptrdiff_t
nearest(uint64_t address)
{
	size_t after = place_of(address + 1);

	return after && address - names[after - 1].address < NAMED_REACH ? (ptrdiff_t)after - 1
	                                                                 : -1;
}

const char *
named_of(const struct named_firsts *firsts, uint64_t address)
{
	ptrdiff_t at = nearest(address);

	return at >= 0 && firsts->map[at] == address ? names[at].name : NULL;
}

void
named_match(struct named_firsts *firsts, const struct trace_map *maps, size_t map_count)
{
	memset(firsts, 0, sizeof(*firsts));
	for (size_t i = 0; count && i < map_count; i++) {
		ptrdiff_t at = nearest(maps[i].address);

		if (at >= 0 && (!firsts->map[at] || maps[i].address < firsts->map[at]))
			firsts->map[at] = maps[i].address;
	}
}
