/*
 * See symbols_rows.h. The rule: what lies below `low` starts at or below the address, what lies from
 * `high` on starts above it.
 */
#include "analyzer/symbols_rows.h"

size_t
symbols_rows_up_to(const void *rows, size_t count, size_t width, uint64_t address)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const uint64_t *start = (const void *)((const char *)rows + middle * width);

		if (*start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
