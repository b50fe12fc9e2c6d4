/*
 * The range test as arithmetic on sign bits, which any processor's vectors can do; see sieve.h.
 *
 *     x = w - lowest                   wraps where w < lowest: then its sign bit is set
 *     (x - span) & ~x                  sign bit set exactly where 0 <= x < span, as span < 2^63
 *
 * Eight words cost one branch. What must never break: no word of the range is passed over.
 */
#include "finder/sieve.h"

/* Words by which memory is asked for early: a page, where processors stop to guess. */
enum { AHEAD = 512 };

/* The vectors that every x86-64 has; compilers take them apart elsewhere. */
typedef uint64_t lanes __attribute__((vector_size(16), aligned(8), may_alias));

/* Whose sign bits are set: the words that are inside. The guest's words are read whatever a
 * sanitizer in this process thinks of them. */
__attribute__((no_sanitize("address", "thread"))) static inline lanes
inside(const uint64_t *words, lanes lowest, lanes span)
{
	lanes x = *(const lanes *)words - lowest;

	return (x - span) & ~x;
}

__attribute__((noinline)) size_t
sieve_next(const uint64_t *words, size_t from, size_t count, uint64_t lowest, uint64_t span)
{
	lanes low = { lowest, lowest }, spans = { span, span };

	if (span > INT64_MAX)
		return from;
	for (; count - from >= SIEVE_GROUP; from += SIEVE_GROUP) {
		const uint64_t *at = words + from;
		lanes any;

		__builtin_prefetch(at + AHEAD);
		any = inside(at, low, spans) | inside(at + 2, low, spans) |
		      inside(at + 4, low, spans) | inside(at + 6, low, spans);
		if ((any[0] | any[1]) >> 63)
			break;
	}
	return from;
}
