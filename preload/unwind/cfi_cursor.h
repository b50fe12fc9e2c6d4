/*
 * Reading bytes that nobody vouches for: a cursor never passes its end, and once it was asked to,
 * all it gives is 0 and `is_bad` stays set, so that a reader may look at that once, at the end.
 */
#ifndef PRELOAD_UNWIND_CFI_CURSOR_H
#define PRELOAD_UNWIND_CFI_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cfi_cursor {
	const uint8_t *at, *end;
	bool is_bad;
};

static inline bool
cfi_has_more(const struct cfi_cursor *cursor)
{
	return !cursor->is_bad && cursor->at < cursor->end;
}

static inline const uint8_t *
cfi_skip(struct cfi_cursor *cursor, uint64_t size)
{
	const uint8_t *at = cursor->at;

	if (cursor->is_bad || size > (uint64_t)(cursor->end - at)) {
		cursor->is_bad = true;
		return NULL;
	}
	cursor->at += size;
	return at;
}

static inline uint64_t
cfi_unsigned(struct cfi_cursor *cursor, size_t size)
{
	const uint8_t *at = cfi_skip(cursor, size);
	uint64_t value = 0;

	if (at)
		memcpy(&value, at, size); /* the tables of a process are in its own byte order */
	return value;
}

static inline int32_t
cfi_signed32(struct cfi_cursor *cursor)
{
	return (int32_t)(uint32_t)cfi_unsigned(cursor, sizeof(int32_t));
}

/* Numbers in groups of 7 bits, the lowest first. Bits above 64 are lost. */
static inline uint64_t
cfi_leb(struct cfi_cursor *cursor, bool is_signed)
{
	uint64_t value = 0, byte;
	unsigned shift = 0;

	do {
		byte = cfi_unsigned(cursor, 1);
		if (shift < 64)
			value |= (byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if (is_signed && shift < 64 && (byte & 0x40))
		value |= UINT64_MAX << shift;
	return value;
}

static inline uint64_t
cfi_uleb(struct cfi_cursor *cursor)
{
	return cfi_leb(cursor, false);
}

static inline int64_t
cfi_sleb(struct cfi_cursor *cursor)
{
	return (int64_t)cfi_leb(cursor, true);
}

#endif
