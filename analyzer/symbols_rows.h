/*
 * A search that symbols_table.c and symbols_units.c share: rows of any kind whose first member is the
 * address (uint64_t) that they start at, in ascending order.
 */
#ifndef ANALYZER_SYMBOLS_ROWS_H
#define ANALYZER_SYMBOLS_ROWS_H

#include <stddef.h>
#include <stdint.h>

/* How many of `count` rows, `width` bytes each, start at or below `address`. */
size_t symbols_rows_up_to(const void *rows, size_t count, size_t width, uint64_t address);

#endif
