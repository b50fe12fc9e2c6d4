/*
 * std::unordered_map emptied to every count from 1 on, next to fresh ones, at several load factors;
 * then rehash(0) of each that was emptied. Built against libstdc++ and (test_programs/libcxx/)
 * libc++.
 */
#include "test_programs/needed_map.h"

#include <unordered_map>

using map_type = std::unordered_map<uint64_t, uint64_t>;

static twins<map_type>
twins_of(const char *name, float load)
{
	map_type empty;
	empty.max_load_factor(load);
	return {name, empty, [](map_type &map, uint64_t key) { map[key] = key; },
	        [](map_type &map, uint64_t key) { map.erase(key); }};
}

int
main()
{
	twins<map_type> all[] = {
		twins_of("load 1", 1), twins_of("load 0.5", 0.5f), twins_of("load 2", 2),
		twins_of("load 0.3", 0.3f), twins_of("asked for 8192 buckets", 1),
	};
	all[4].prepare([](map_type &map) { map.rehash(8192); });
	needed_end();
	for (auto &maps : all)
		maps.call("rehash(0)", [](map_type &map) { map.rehash(0); });
	needed_shrunk_end();
	return 0;
}
