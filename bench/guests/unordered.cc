/*
 * W1: a std::unordered_map gets N entries and loses them one by one, three times over, 20 frames
 * deep.
 *
 *     unordered [N]     default 1000000
 */
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <unordered_map>

enum { DEPTH = 20, TIMES = 3 };

static uint64_t entries = 1000000;

/* Spread over all buckets, as hashes are. */
static uint64_t
key_of(uint64_t number)
{
	return number * 0x9e3779b97f4a7c15u;
}

/* Adds all and erases all; ends the program where a count is wrong. */
static void
fill_and_empty(std::unordered_map<uint64_t, uint64_t> &map)
{
	for (uint64_t i = 0; i < entries; i++)
		map.emplace(key_of(i), i);
	if (map.size() != entries)
		exit(1);
	uint64_t sum = 0;
	for (uint64_t i = 0; i < entries; i++) {
		auto found = map.find(key_of(i));
		sum += found->second;
		map.erase(found);
	}
	if (!map.empty() || sum != entries * (entries - 1) / 2)
		exit(1);
}

/* main is the first frame, fill_and_empty the last that is not the map's. */
static __attribute__((noinline)) void
descend(std::unordered_map<uint64_t, uint64_t> &map, int left)
{
	if (left > 0)
		descend(map, left - 1);
	else
		fill_and_empty(map);
	__asm__ volatile("" ::: "memory"); /* no tail call */
}

int
main(int argc, char **argv)
{
	if (argc > 1)
		entries = strtoull(argv[1], nullptr, 10);
	std::unordered_map<uint64_t, uint64_t> map;
	for (int i = 0; i < TIMES; i++)
		descend(map, DEPTH - 2);
	printf("%llu inserted and erased, %d times\n", (unsigned long long)entries, TIMES);
	return 0;
}
