/*
 * std::unordered_map emptied to every count from 1 on, next to fresh ones, at three load factors.
 */
#include "test_programs/needed.h"

#include <deque>
#include <unordered_map>

using map_type = std::unordered_map<uint64_t, uint64_t>;
static std::deque<map_type> maps; /* never moves what it holds */

static void
twins(const char *name, float load)
{
	for (uint64_t count = 1; count <= NEEDED_TO; count = needed_after(count)) {
		map_type &emptied = maps.emplace_back(), &fresh = maps.emplace_back();
		emptied.max_load_factor(load);
		fresh.max_load_factor(load);
		for (uint64_t key = 0; key < NEEDED_FROM; key++)
			emptied[key] = key;
		for (uint64_t key = count; key < NEEDED_FROM; key++)
			emptied.erase(key);
		for (uint64_t key = 0; key < count; key++)
			fresh[key] = key;
		needed_tell(name, count, &emptied, &fresh);
	}
}

int
main()
{
	twins("load 1", 1);
	twins("load 0.5", 0.5);
	twins("load 2", 2);
	needed_end();
	return 0;
}
