/*
 * std::unordered_map at the moments of its growth. Built against libstdc++ and
 * (test_programs/libcxx/) libc++.
 */
#include "test_programs/grow_moment.h"

#include <unordered_map>

int
main()
{
	return grow<std::unordered_map<uint64_t, uint64_t>>();
}
