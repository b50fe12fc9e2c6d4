/*
 * Maps on the stack, at two depths, and the stale headers of maps that are dead: a frame that
 * returned leaves its map's fields behind, and they must not be taken for a map.
 */
#include "test_programs/truth_unordered.h"

__attribute__((noinline)) static size_t
use_and_leave()
{
	std::unordered_map<int, int> dead;
	for (int key = 0; key < 3000; key++)
		dead[key] = key;
	return dead.bucket_count();
}

__attribute__((noinline)) static void
deeper(const std::unordered_map<int, int> &outer)
{
	std::unordered_map<int, int> inner;
	for (int key = 0; key < 3000; key++)
		inner[key] = key;
	for (int key = 0; key < 2999; key++)
		inner.erase(key);
	truth_unordered("outer", "stack", outer, true);
	truth_unordered("inner", "stack", inner, false);
	truth_end();
}

int
main()
{
	std::unordered_map<int, int> outer;
	for (int key = 0; key < 4000; key++)
		outer[key] = key;
	if (use_and_leave() < 3000)
		return 1;
	deeper(outer);
	return 0;
}
