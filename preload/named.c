/*
 * A sorted table of bounded size: naming is rare, maps that are named are few.
 */
#include "preload/named.h"

#include <string.h>

static struct trace_name names[NAMED_MAX];
static size_t count;

/* The first entry at or behind this address. */
static size_t
place_of(uint64_t address)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (names[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
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

size_t
named_match(const struct trace_map *maps, size_t map_count, struct trace_name into[NAMED_MAX])
{
	static uint64_t first[NAMED_MAX]; /* the map of each name; one writer at a time */
	size_t matched = 0;

	memset(first, 0, sizeof(first));
	for (size_t i = 0; count && i < map_count; i++) {
		uint64_t address = maps[i].address;
		size_t after = place_of(address + 1), at = after - 1;

		if (after && address - names[at].address < NAMED_REACH &&
		    (!first[at] || address < first[at]))
			first[at] = address;
	}
	for (size_t i = 0; i < count; i++) {
		if (!first[i])
			continue;
		into[matched] = names[i];
		into[matched++].address = first[i];
	}
	return matched;
}
