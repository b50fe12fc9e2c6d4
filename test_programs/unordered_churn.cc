/*
 * Maps of several sizes, filled and then erased in an order that has nothing to do with that of the
 * insertions: only inserted, half erased, emptied one by one, emptied and used again.
 */
#include "test_programs/random.h"
#include "test_programs/truth_unordered.h"

#include <vector>

using map_type = std::unordered_map<uint64_t, uint64_t>;

/* Keys in a shuffled order, the same in every run. */
static std::vector<uint64_t>
shuffled(size_t count)
{
	std::vector<uint64_t> keys(count);
	uint64_t state = RANDOM_FIRST;
	for (size_t i = 0; i < count; i++) {
		size_t other = random_below(&state, i + 1);
		keys[i] = keys[other];
		keys[other] = i;
	}
	return keys;
}

struct quartet {
	size_t size;
	map_type kept, half, emptied, reused;
};

static void
run(quartet &maps)
{
	for (uint64_t key : shuffled(maps.size))
		maps.kept[key] = maps.half[key] = maps.emptied[key] = maps.reused[key] = key;
	std::vector<uint64_t> order = shuffled(maps.size);
	for (size_t i = 0; i < maps.size; i++) {
		if (i < maps.size / 2)
			maps.half.erase(order[i]);
		maps.emptied.erase(order[i]);
		maps.reused.erase(order[i]);
	}
	for (uint64_t key = 0; key < maps.size / 10; key++)
		maps.reused[key + maps.size] = key;
}

static void
tell(const quartet &maps)
{
	const std::pair<const char *, const map_type *> all[] = {{"kept", &maps.kept},
	    {"half", &maps.half}, {"emptied", &maps.emptied}, {"reused", &maps.reused}};
	for (const auto &one : all) {
		std::string name = std::string(one.first) + " " + std::to_string(maps.size);
		truth_unordered(name.c_str(), "stack", *one.second, one.second == &maps.kept);
	}
}

int
main()
{
	quartet small = {1000, {}, {}, {}, {}}, middle = {6000, {}, {}, {}, {}},
	        large = {30000, {}, {}, {}, {}};
	for (quartet *maps : {&small, &middle, &large})
		run(*maps);
	for (quartet *maps : {&small, &middle, &large})
		tell(*maps);
	truth_end();
	return 0;
}
