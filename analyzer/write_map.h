/* One map in depth, as text for people. Called by map.c. */
#ifndef ANALYZER_WRITE_MAP_H
#define ANALYZER_WRITE_MAP_H

#include "analyzer/model.h"

#include <stdio.h>

void write_map(FILE *out, struct model *model, const struct model_map *map);

#endif
