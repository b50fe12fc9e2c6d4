/* The rule by which a map's maker is chosen, apart from the model, so that it can be tested alone.
 */
#ifndef ANALYZER_NAMES_H
#define ANALYZER_NAMES_H

#include "analyzer/symbols.h"
#include "profiles/profile.h"

/* The frame to name as the one that made a map: of its array's allocation stack, innermost first,
 * the first in the user's code. `profile` may be NULL. NULL: the stack has no frames. */
const struct symbols_frame *names_maker(const struct profile *profile,
					const struct symbols_frame *frames, size_t count);

#endif
