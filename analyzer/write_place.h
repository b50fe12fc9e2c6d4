/*
 * Frames and places in words, on one line. Called by the writers of text.
 */
#ifndef ANALYZER_WRITE_PLACE_H
#define ANALYZER_WRITE_PLACE_H

#include "analyzer/model.h"
#include "analyzer/symbols.h"

#include <stdio.h>

/* "file.c:12 in function", or as much of it as is known; the function in `width` columns. */
void write_place_frame(char *into, size_t size, const struct symbols_frame *frame, size_t width);

/* What holds a map's header: "on the stack of thread 12, in the frame of file.c:12 in function". */
void write_place(const struct model_map *map, const struct model_names *names, FILE *out);

/* What the trace says of what holds a map of Go's, with the global's name where that is known.
 * NULL: nothing. */
const char *write_place_told(char *into, size_t size, const struct model_map *map,
			     const struct model_names *names);

#endif
