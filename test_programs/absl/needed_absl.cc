/*
 * Abseil's maps emptied to every count from 1 on, next to fresh ones: slots of 16, 40 and 4 bytes,
 * of pointers to nodes, and aligned to 16; then rehash(0) of each that was emptied.
 */
#include "test_programs/needed_map.h"

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/container/node_hash_map.h"

struct wide {
	uint64_t words[4];
};

struct alignas(16) aligned {
	uint64_t words[2];
};

template <class Map>
static twins<Map>
twins_of(const char *name, uint64_t most)
{
	return {name, Map(), [](Map &map, uint64_t key) { map[key]; },
	        [](Map &map, uint64_t key) { map.erase(key); }, most};
}

using small_set = absl::flat_hash_set<uint32_t>;

int
main()
{
	auto plain = twins_of<absl::flat_hash_map<uint64_t, uint64_t>>("flat", NEEDED_TO);
	auto large = twins_of<absl::flat_hash_map<uint64_t, wide>>("flat wide", 500);
	auto odd = twins_of<absl::flat_hash_map<uint64_t, aligned>>("flat aligned", 500);
	auto nodes = twins_of<absl::node_hash_map<uint64_t, wide>>("node", 500);
	twins<small_set> small("set", small_set(),
	    [](small_set &set, uint64_t key) { set.insert(static_cast<uint32_t>(key)); },
	    [](small_set &set, uint64_t key) { set.erase(static_cast<uint32_t>(key)); }, 500);
	needed_end();
	auto shrink = [](auto &map) { map.rehash(0); };
	plain.call("rehash(0)", shrink);
	large.call("rehash(0)", shrink);
	odd.call("rehash(0)", shrink);
	nodes.call("rehash(0)", shrink);
	small.call("rehash(0)", shrink);
	needed_shrunk_end();
	return 0;
}
