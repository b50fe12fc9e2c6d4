/* Tells room that was asked for in advance and never filled from room that is retained. */
#ifndef ANALYZER_RESERVE_H
#define ANALYZER_RESERVE_H

#include "analyzer/model.h"

/* Moves what maps retain to what they reserve where that is what it is; by_address must be sorted.
 * -1: no memory. */
int reserve_settle(struct model *model);

#endif
