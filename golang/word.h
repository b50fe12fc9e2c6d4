/* Numbers in an image, read with care: what is not there is 0 and said so where it matters. */
#ifndef GOLANG_WORD_H
#define GOLANG_WORD_H

#include "finder/memory.h"

/* The number of `size` bytes (1, 2, 4 or 8) at `address`; false if not there. */
static inline bool
word_read(struct memory *memory, uint64_t address, size_t size, uint64_t *value)
{
	const void *at = memory->view(memory, address, size);
	*value = 0;
	if (!at)
		return false;
	memory_copy(value, at, size);
	return true;
}

static inline uint64_t
word_at(struct memory *memory, uint64_t address)
{
	uint64_t value;
	word_read(memory, address, sizeof value, &value);
	return value;
}

/* The number of `size` bytes at bytes that a view gave. */
static inline uint64_t
word_of(const void *bytes, size_t offset, size_t size)
{
	uint64_t value = 0;
	memory_copy(&value, (const char *)bytes + offset, size);
	return value;
}

#endif
