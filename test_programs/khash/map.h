/* The khash map of 64-bit keys and values that the programs fill. */
#ifndef TEST_PROGRAMS_KHASH_MAP_H
#define TEST_PROGRAMS_KHASH_MAP_H

#include <htslib/khash.h>

KHASH_MAP_INIT_INT64(map, uint64_t)

static inline void
fill(khash_t(map) *table, uint64_t count)
{
	int result;
	for (uint64_t key = 0; key < count; key++) {
		khint_t at = kh_put(map, table, key, &result);
		kh_value(table, at) = key;
	}
}

#endif
