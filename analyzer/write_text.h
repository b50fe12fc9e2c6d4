/*
 * The report as text. Prints what the model holds and computes nothing.
 */
#ifndef ANALYZER_WRITE_TEXT_H
#define ANALYZER_WRITE_TEXT_H

#include "analyzer/command.h"

/* The whole report about model->judged. -1: no memory. */
int write_text(struct model *model, const struct options *options, FILE *out);

/* Its parts, each ends with an empty line; write_text_*.c. */
void write_text_head(const struct model *model, FILE *out);
int write_text_maps(struct model *model, const struct model_map *const *maps, size_t count,
		    const struct options *options, FILE *out);
int write_text_roles(const struct model *model, const struct options *options, FILE *out);
int write_text_drops(const struct model *model, const struct options *options, FILE *out);
void write_text_refused(const struct model *model, FILE *out);

/* One row of refusals: how many candidates, why, and the profile's line. */
void write_text_refusal(const struct model *model, const struct trace_refused *row, FILE *out);

#endif
