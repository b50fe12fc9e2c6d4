/*
 * See go_place.h. A stripped program has no names for its globals: then their addresses are told,
 * which are the same in each run of a program that is not position-independent.
 */
#include "analyzer/go_place.h"

#include <inttypes.h>
#include <stdio.h>

static int
describe_global(const struct golang_map *map, struct symbols_module *symbols,
		const struct trace_module *module, char into[GO_PLACE_SIZE])
{
	uint64_t address = module ? map->root - module->bias : map->root;
	const char *name = symbols && symbols->dwfl ? symbols_module_object(symbols, address) : NULL;

	if (name)
		return snprintf(into, GO_PLACE_SIZE, "global %s", name);
	return snprintf(into, GO_PLACE_SIZE, "the global at 0x%" PRIx64, address);
}

static int
describe_frame(const char *function, char into[GO_PLACE_SIZE])
{
	if (*function)
		return snprintf(into, GO_PLACE_SIZE, "a frame of %s", function);
	return snprintf(into, GO_PLACE_SIZE, "a goroutine's stack");
}

void
go_place_describe(const struct golang_map *map, const char *texts, struct symbols_module *symbols,
		  const struct trace_module *module, char into[GO_PLACE_SIZE])
{
	const char *path = texts + map->path;
	int length = 0;

	into[0] = '\0';
	switch ((enum golang_held)map->held) {
	case GOLANG_HELD_GLOBAL:
		length = describe_global(map, symbols, module, into);
		break;
	case GOLANG_HELD_STACK:
		length = describe_frame(texts + map->function, into);
		break;
	case GOLANG_HELD_RUNTIME:
		length = snprintf(into, GO_PLACE_SIZE, "a record of the runtime's own");
		break;
	case GOLANG_HELD_NOTHING:
		snprintf(into, GO_PLACE_SIZE, "nothing: garbage that is not collected yet");
		return;
	case GOLANG_HELD_UNKNOWN:
		return;
	}
	if (*path && length > 0 && length < GO_PLACE_SIZE)
		snprintf(into + length, (size_t)(GO_PLACE_SIZE - length), ", %s", path);
}
