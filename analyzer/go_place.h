/* Who holds a Go map, in words. Called by go_rows.c. */
#ifndef ANALYZER_GO_PLACE_H
#define ANALYZER_GO_PLACE_H

#include "analyzer/symbols_module.h"
#include "golang/golang.h"

enum { GO_PLACE_SIZE = 1024 };

/* The map's place, with the name of the global that leads to it where symbols tell: "global
 * main.cache > 96 B +24". `symbols` and `module`: of the executable, or NULL. Returns `into` or the
 * text that golang/ wrote; "" where it is not known. */
const char *go_place_describe(const struct golang_map *map, const char *texts,
			      struct symbols_module *symbols, const struct trace_module *module,
			      char into[GO_PLACE_SIZE]);

#endif
