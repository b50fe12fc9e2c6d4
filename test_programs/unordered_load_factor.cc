/*
 * max_load_factor() set: before any insertion, between insertions, and last of all, which zeroes
 * the map's next-resize field until something is inserted.
 */
#include "test_programs/truth_unordered.h"

static void
fill(std::unordered_map<int, int> &map, int from, int to)
{
	for (int key = from; key < to; key++)
		map[key] = key;
}

int
main()
{
	std::unordered_map<int, int> sparse, crowded, changed, last;
	sparse.max_load_factor(0.25f);
	fill(sparse, 0, 5000);
	crowded.max_load_factor(4.0f);
	fill(crowded, 0, 20000);
	fill(changed, 0, 4000);
	changed.max_load_factor(2.5f);
	fill(changed, 4000, 9000);
	fill(last, 0, 7000);
	for (int key = 1000; key < 7000; key++)
		last.erase(key);
	last.max_load_factor(0.5f);
	truth_unordered("sparse", "stack", sparse, true);
	truth_unordered("crowded", "stack", crowded, true);
	truth_unordered("changed", "stack", changed, false);
	truth_unordered("set last", "stack", last, false);
	truth_end();
	return 0;
}
