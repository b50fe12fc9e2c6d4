/*
 * Numbers that look random and are the same in every run (xorshift), for test programs, unit tests
 * and the benchmark's guests. A state is any number but 0.
 */
#ifndef TEST_PROGRAMS_RANDOM_H
#define TEST_PROGRAMS_RANDOM_H

#include <stdint.h>

#define RANDOM_FIRST UINT64_C(88172645463325252)

static inline uint64_t
random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* A number below the bound; cheaper than a division, as good here. */
static inline uint64_t
random_below(uint64_t *state, uint64_t bound)
{
	return (uint64_t)(((unsigned __int128)random_next(state) * bound) >> 64);
}

#endif
