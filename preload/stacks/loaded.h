/*
 * The loader's lists of objects, read without its locks. Called by module.c.
 */
#ifndef PRELOAD_STACKS_LOADED_H
#define PRELOAD_STACKS_LOADED_H

#include <stdbool.h>
#include <stdint.h>

/* Calls `visit` with the address of each listed object's dynamic section, until it returns false.
 * False: it did, or the lists could not be read to their end. */
bool loaded_all(bool (*visit)(uint64_t dynamic));

#endif
