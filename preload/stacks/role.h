/* Which role a block has by its stack, from the profiles' symbol rules. */
#ifndef PRELOAD_STACKS_ROLE_H
#define PRELOAD_STACKS_ROLE_H

#include "trace/format.h"

#include <stdbool.h>
#include <stddef.h>

enum { ROLE_FRAMES_MAX = 32 }; /* the innermost that are looked at */

/* Fills role, profile, rule, split and flags of *into for frames (sites of the trace,
 * innermost first). *depends_on_size: another size might get another role. Returns by how many of
 * the frames it was decided; more than `count`: with one more it might have been otherwise. Called
 * under intern's lock. */
uint32_t role_decide(const uint32_t *sites, size_t count, uint64_t size,
                     struct trace_decision *into, bool *depends_on_size);

#endif
