/*
 * See go_place.h. A stripped program has no names for its globals: then their addresses are told,
 * which are the same in each run of a program that is not position-independent.
 */
#include "analyzer/go_place.h"

#include <stdio.h>

const char *
go_place_describe(const struct golang_map *map, const char *texts, struct symbols_module *symbols,
		  const struct trace_module *module, char into[GO_PLACE_SIZE])
{
	const char *path = texts + map->path, *name = NULL;

	if (map->held == GOLANG_HELD_GLOBAL && symbols && symbols->dwfl)
		name = symbols_module_object(symbols, map->root - module->bias);
	if (!name)
		return texts + map->map.place;
	snprintf(into, GO_PLACE_SIZE, "global %s%s%s", name, *path ? " > " : "", path);
	return into;
}
