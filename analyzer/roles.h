/*
 * The heap's composition by role where no snapshot tells it: at the peak, and as of the last event.
 */
#ifndef ANALYZER_ROLES_H
#define ANALYZER_ROLES_H

#include "analyzer/model.h"

/* Fills model->peak and model->now. The snapshots must be loaded. -1: no memory. */
int roles_settle(struct model *model);

#endif
