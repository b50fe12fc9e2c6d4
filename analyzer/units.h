/*
 * Sizes, numbers and times as people read and write them. Exact where it fits: 0 B, 1,023 B,
 * 293.25 MiB. Text that came out of a trace goes to a terminal only through units_escape.
 */
#ifndef ANALYZER_UNITS_H
#define ANALYZER_UNITS_H

#include <stddef.h>
#include <stdint.h>

enum { UNITS_SIZE = 32 }; /* bytes that any of these texts needs at most, terminator included */

/* Binary units, two decimals: "17.25 MiB"; "?" for TRACE_UNKNOWN. Returns `into`. */
char *units_bytes(char into[UNITS_SIZE], uint64_t bytes);

/* "1,703,936"; "?" for TRACE_UNKNOWN. */
char *units_number(char into[UNITS_SIZE], uint64_t number);

/* "1.25 s", "3 ms", "2 min 5 s", "1 h 3 min". */
char *units_duration(char into[UNITS_SIZE], uint64_t nanoseconds);

/* "16M", "1.5GiB", "4096", "64 KiB", any case, K M G T, always binary. 0, or -1: not a size, or
 * does not fit 64 bits. */
int units_parse_bytes(const char *text, uint64_t *bytes);

/* Copies `text` with control characters and broken UTF-8 as \xNN; cut to fit. Returns `into`. */
char *units_escape(char *into, size_t size, const char *text);

#endif
