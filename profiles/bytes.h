/*
 * Which of adjacent bytes lie in a range, eight by one comparison. Called by bound.c: hash tables
 * tell their cells by one byte each, mostly.
 *
 *     bytes    80 05 ff 05 00 00 00 05     least 1, span 0x7e: 1 to 0x7f
 *     in       00 ff 00 ff 00 00 00 ff
 *     & 01..   00 01 00 01 00 00 00 01     times MOVE: byte i's bit comes to bit 56 + i
 */
#ifndef PROFILES_BYTES_H
#define PROFILES_BYTES_H

#include <stdint.h>

enum { BYTES_GROUP = 8 };

#define BYTES_LOWEST UINT64_C(0x0101010101010101)
#define BYTES_MOVE UINT64_C(0x0102040810204080)

typedef uint8_t bytes_group __attribute__((vector_size(8), aligned(1), may_alias));

/* Bit i: byte i & `mask` is at least `least` and at most `least + span`. Reads `count` bytes, 1 to
 * 64, rounded up to groups; bits beyond `count` are of no meaning. They are the guest's, whatever
 * a sanitizer in this process thinks of them. */
__attribute__((no_sanitize("address", "thread"))) static inline uint64_t
bytes_in_range(uint64_t at, unsigned count, uint8_t mask, uint8_t least, uint8_t span)
{
	uint64_t bits = 0;
	for (unsigned i = 0; i < count; i += BYTES_GROUP) {
		bytes_group bytes = *(const bytes_group *)(uintptr_t)(at + i);
		uint64_t in = (uint64_t)(((bytes & mask) - least) <= span);
		if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
			in = __builtin_bswap64(in);
		bits |= (in & BYTES_LOWEST) * BYTES_MOVE >> 56 << i;
	}
	return bits;
}

#endif
