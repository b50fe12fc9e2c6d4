/*
 * The report as JSON, schema "maptrace/1": exact bytes, null for what is not known. Fields are only
 * ever added to this schema.
 */
#ifndef ANALYZER_WRITE_JSON_H
#define ANALYZER_WRITE_JSON_H

#include "analyzer/model.h"

#include <jansson.h>
#include <stdio.h>

/* Prints all snapshots with the maps that pass the filter. -1: no memory; what was printed is then
 * no JSON. */
int write_json(struct model *model, const struct model_filter *filter, FILE *out);

/* Values for other commands that print JSON. NULL: no memory. */
json_t *write_json_number(uint64_t number); /* null for TRACE_UNKNOWN */
json_t *write_json_text(const char *text);  /* null for NULL; broken UTF-8 escaped */

/* A map. */
json_t *write_json_map(struct model *model, const struct model_map *map);

/* The same for many: `frames` holds one slot for each stack of the trace, NULL at first, so that
 * maps of one stack share their list of frames. The caller releases what is in them. */
json_t *write_json_map_sharing(struct model *model, const struct model_map *map, json_t **frames);

/* "buckets", "overflow", ... */
const char *write_json_role(int role);

/* One frame. */
json_t *write_json_frame(const struct symbols_frame *frame);

/* Frames of a stack, innermost first. */
json_t *write_json_frames(const struct symbols_frame *frames, size_t count);

/* Prints a value, which is taken over. -1: no memory, now or when it was made. */
int write_json_print(json_t *value, FILE *out);

/* The same for all that a command prints: indented, on lines of its own. */
int write_json_document(json_t *root, FILE *out);

/* Prints the members `series`, `role_peak_bytes` and `stacks`, a comma before each. -1: no
 * memory. */
int write_json_heap(struct model *model, FILE *out);

/* Adds a value, which is taken over, and returns the object or array; NULL if anything failed, now
 * or before: calls can be chained and checked once. */
json_t *write_json_put(json_t *object, const char *key, json_t *value);
json_t *write_json_append(json_t *array, json_t *value);

#endif
