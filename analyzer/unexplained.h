/* Bytes that no map explains, of some stacks only: what is left of struct
 * model_snapshot.unexplained once the user has left maps out. Called by limits.c. */
#ifndef ANALYZER_UNEXPLAINED_H
#define ANALYZER_UNEXPLAINED_H

#include "analyzer/model.h"

/* Adds up, over the stacks that `is_for` wants, the bucket and overflow bytes by stack that no map
 * reaches in `snapshot` nor in the next complete one. Where memory is refused: all stacks. */
uint64_t unexplained_bytes(const struct model *model, const struct model_snapshot *snapshot,
			   bool (*is_for)(void *context, uint32_t stack), void *context);

#endif
