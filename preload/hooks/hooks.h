/* Entry points that no system header declares. */
#ifndef PRELOAD_HOOKS_HOOKS_H
#define PRELOAD_HOOKS_HOOKS_H

#include <stddef.h>

void cfree(void *block);
void free_sized(void *block, size_t size);
void free_aligned_sized(void *block, size_t alignment, size_t size);

#endif
