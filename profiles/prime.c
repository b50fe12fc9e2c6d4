/*
 * Primes, which several implementations take for the number of their buckets. Called by evaluate.c.
 *
 * By division, so that it needs nothing of the machine; bounded, since a profile may ask for it in
 * a loop: an array of 2^36 buckets would fill half a TiB.
 */
#include "profiles/evaluate.h"

static const int64_t limit = INT64_C(1) << 36;

/* `value` is odd and at least 3. */
static bool
is_prime(int64_t value)
{
	for (int64_t divisor = 3; divisor <= value / divisor; divisor += 2)
		if (value % divisor == 0)
			return false;
	return true;
}

bool
prime_next(int64_t value, int64_t *out)
{
	if (value > limit)
		return false;
	if (value <= 2) {
		*out = 2;
		return true;
	}
	value |= 1;
	while (!is_prime(value))
		value += 2;
	*out = value;
	return true;
}
