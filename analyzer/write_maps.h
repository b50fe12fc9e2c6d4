/* The table of maps, for `maptrace maps`. */
#ifndef ANALYZER_WRITE_MAPS_H
#define ANALYZER_WRITE_MAPS_H

#include "analyzer/model.h"

#include <jansson.h>
#include <stdio.h>

/* A line for each group; a group of several maps has two more, which say how its numbers are
 * spread. A group of one is that map, with its address. */
void write_maps(FILE *out, const struct model *model, const struct model_group *groups,
		size_t count);

/* The same for JSON: an array of objects, NULL without memory. */
json_t *write_maps_json(const struct model_group *groups, size_t count);

#endif
