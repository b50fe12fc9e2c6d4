/*
 * Which profiles are awake. A profile sleeps until the guest has code that it may describe: a
 * module of a certain name, or one that defines or imports certain functions. What sleeps costs
 * nothing at new stacks and nothing in snapshots; the trace says who woke.
 */
#ifndef PRELOAD_STACKS_AWAKE_H
#define PRELOAD_STACKS_AWAKE_H

#include "preload/stacks/symbols.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether profile number `profile` is awake. Takes no lock. */
bool awake_has(uint32_t profile);

/* Wakes the profiles that wait for a module of this path or for any at all. Returns whether some
 * still sleep that wait for a symbol. Called under intern's lock. */
bool awake_by_path(const char *path);

/* Wakes the profiles that wait for what these symbols define or import. True: one of them is read
 * by code of its own, which will want this module (`wake outside`). Called under intern's lock. */
bool awake_by_symbols(const struct symbols *symbols);

#endif
