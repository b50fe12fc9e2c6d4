/*
 * A baseline: what the maps of an earlier trace retained, to hold a newer one against.
 *
 * Maps are matched by profile and allocation stack, never by address: each frame by its module (the
 * file's name) and the function, or the offset in the module where there is no symbol. Maps
 * that one place in the code made are added up.
 */
#ifndef ANALYZER_BASELINE_H
#define ANALYZER_BASELINE_H

#include "analyzer/model.h"

struct baseline;

/* A place in the code and what the maps made there retain. */
struct baseline_place {
	uint64_t low, high;
	const struct model_map *worst; /* of them; of the model that was given */
};

/* Adds up the maps `maps` [count] of one snapshot. NULL: no memory. */
struct baseline *baseline_build(struct model *model, const struct model_map *const *maps,
				size_t count);
void baseline_release(struct baseline *baseline);

/* The sum over all places of what `now` retains more than `before`: at least *low, at most *high. A
 * fall in one place does not pay for a rise in another. *worst is the heaviest map of the place
 * that grew most, or NULL. */
void baseline_growth(const struct baseline *before, const struct baseline *now, uint64_t *low,
		     uint64_t *high, const struct model_map **worst);

#endif
