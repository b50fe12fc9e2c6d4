/* Who holds a Go map, in words. Called by go_trace.c. */
#ifndef ANALYZER_GO_PLACE_H
#define ANALYZER_GO_PLACE_H

#include "analyzer/symbols_module.h"
#include "golang/golang.h"

enum { GO_PLACE_SIZE = 512 };

/* "global main.cache", "a frame of main.work, +0x10 > 48 B +0x8", "nothing: ...": what leads to the
 * map, and the way from there. `symbols` and `module`: of the executable, or NULL. "" where it is not
 * known. */
void go_place_describe(const struct golang_map *map, const char *texts,
		       struct symbols_module *symbols, const struct trace_module *module,
		       char into[GO_PLACE_SIZE]);

#endif
