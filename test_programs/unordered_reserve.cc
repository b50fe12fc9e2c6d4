/*
 * Room asked for in advance and not used: reserve(), a bucket count for the constructor, rehash().
 * Nothing was ever removed, and yet the maps hold more than their entries need.
 */
#include "test_programs/truth_unordered.h"

int
main()
{
	std::unordered_map<int, int> reserved, rehashed, filled, constructed(50000);
	reserved.reserve(100000);
	rehashed.rehash(40000);
	filled.reserve(3000);
	for (int key = 0; key < 1000; key++)
		reserved[key] = rehashed[key] = constructed[key] = key;
	for (int key = 0; key < 3000; key++)
		filled[key] = key;
	truth_unordered("reserved", "stack", reserved, false);
	truth_unordered("rehashed", "stack", rehashed, false);
	truth_unordered("reserved and filled", "stack", filled, false);
	truth_unordered("constructed", "stack", constructed, false);
	truth_end();
	return 0;
}
