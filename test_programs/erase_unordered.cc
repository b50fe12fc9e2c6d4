/*
 * std::unordered_map inside erase(): the node is unlinked, then destroyed, then freed, and only
 * then counted off. A mark in the value's destructor and one in the program's own operator delete
 * show the map between these, for the first, a middle and the last entry of its list, for the only
 * one, and at the first of the frees that clear() makes.
 */
#include "test_programs/erase_moment.h"

#include <cstdlib>
#include <new>
#include <unordered_map>

static erase_moment moment;

struct noisy {
	uint64_t value;
	~noisy() { erase_moment_mark(&moment, "destroyed"); }
};

using map_type = std::unordered_map<uint64_t, noisy>;
static map_type map;

void
operator delete(void *block) noexcept
{
	erase_moment_mark(&moment, "freed");
	free(block);
}

void
operator delete(void *block, size_t) noexcept
{
	operator delete(block);
}

static void
erase_at(size_t place, const char *which)
{
	auto at = map.begin();
	while (place-- > 0)
		++at;
	moment = {which, reinterpret_cast<uintptr_t>(&map), map.size() - 1, map.size()};
	map.erase(at);
	moment.which = nullptr;
}

int
main()
{
	for (uint64_t key = 0; key < 1000; key++)
		map.try_emplace(key, noisy{key});
	erase_at(0, "first");
	erase_at(500, "middle");
	erase_at(map.size() - 1, "last");
	while (map.size() > 1)
		map.erase(map.begin());
	erase_at(0, "only");
	for (uint64_t key = 0; key < 10; key++)
		map.try_emplace(key, noisy{key});
	moment = {"clear", reinterpret_cast<uintptr_t>(&map), map.size(), map.size()};
	map.clear();
	moment.which = nullptr;
	return 0;
}
