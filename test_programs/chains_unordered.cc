/*
 * unordered_map with good and bad hashes, full and half emptied, by its own bucket_size().
 */
#include "test_programs/chains.h"

#include <maptrace.h>
#include <unordered_map>

struct even {
	size_t operator()(int key) const noexcept { return static_cast<size_t>(key) * 2; }
};

struct one_of_seven { /* may throw: the hash is cached in the node */
	size_t operator()(int key) const { return static_cast<size_t>(key % 7); }
};

struct constant {
	size_t operator()(int) const noexcept { return 42; }
};

template <class Hash>
static void
fill(std::unordered_map<int, int, Hash> &map, int entries, int left)
{
	for (int key = 0; key < entries; key++)
		map[key] = key;
	for (int key = left; key < entries; key++)
		map.erase(key);
}

template <class Map>
static void
tell(const char *name, const Map &map)
{
	struct chains chains = {};
	for (size_t bucket = 0; bucket < map.bucket_count(); bucket++)
		chains_add_bucket(&chains, map.bucket_size(bucket));
	chains_tell(name, &map, &chains);
}

int
main()
{
	std::unordered_map<int, int> plain;
	std::unordered_map<int, int, even> halved;
	std::unordered_map<int, int, one_of_seven> seven;
	std::unordered_map<int, int, constant> lone;
	fill(plain, 5000, 5000);
	fill(halved, 5000, 1000);
	fill(seven, 700, 650);
	fill(lone, 300, 300);
	tell("plain", plain);
	tell("halved", halved);
	tell("seven", seven);
	tell("lone", lone);
	fflush(stdout);
	maptrace_mark("chains");
	return 0;
}
