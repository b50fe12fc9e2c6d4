/*
 * Which words of memory lie in a range of addresses: the first test of the header search, which
 * nearly all memory fails. Called by scan.c for every word of the guest.
 */
#ifndef FINDER_SIEVE_H
#define FINDER_SIEVE_H

#include <stddef.h>
#include <stdint.h>

enum { SIEVE_GROUP = 8 }; /* words looked at together: a cache line */

/* Where the first group at or after `from` (and counted from there) starts that holds a word w with
 * w - lowest < span; else where the last, incomplete group starts, of which nothing is said. */
size_t sieve_next(const uint64_t *words, size_t from, size_t count, uint64_t lowest,
                  uint64_t span);

#endif
