/*
 * Abseil's maps and sets, flat and in nodes, of many sizes and in many places: on the stack, in a
 * struct on the heap, in a global, within another map; grown, half erased, emptied, cleared; with
 * strings, with a hasher that has members, with room asked for in advance.
 */
#include "test_programs/absl/truth_absl.h"

#include <memory>
#include <vector>

template <class Key, class Value> using flat = absl::flat_hash_map<Key, Value>;

struct seeded {
	size_t seed = 40503;
	size_t operator()(int key) const { return static_cast<size_t>(key) * seed * 2654435761u; }
};

struct holder {
	uint64_t before;
	flat<int, int> map;
	uint64_t behind;
};

static flat<uint64_t, uint64_t> global;

/* Every fourth is short and lies in its slot. */
static std::string
text_of(int number)
{
	std::string text = std::to_string(number);
	return number % 4 == 0 ? text : text + std::string(20 + number % 30, 'x');
}

static void
with_strings()
{
	static absl::node_hash_map<std::string, std::string> nodes;
	static absl::flat_hash_map<std::string, std::string> both;
	static absl::flat_hash_map<int, std::string> by_number;
	static absl::flat_hash_set<std::string> set;
	static absl::node_hash_set<std::string> node_set;
	for (int number = 0; number < 2000; number++) {
		nodes.emplace(text_of(number), text_of(number + 1));
		both.emplace(text_of(number), text_of(number + 1));
		by_number.emplace(number, text_of(number));
		set.insert(text_of(number));
		node_set.insert(text_of(number));
	}
	for (int number = 0; number < 2000; number += 3) {
		both.erase(text_of(number));
		nodes.erase(text_of(number));
	}
	truth_absl("strings in nodes", "global", nodes, true, false);
	truth_absl("string to string, a third erased", "global", both, false, false);
	truth_absl("int to string", "global", by_number, false, true);
	truth_absl("set of strings", "global", set, false, true);
	truth_absl("set of strings in nodes", "global", node_set, true, true);
}

int
main()
{
	std::vector<flat<int, int>> small(40);
	std::vector<std::string> names;
	flat<int, int> kept, half, emptied, cleared, reserved;
	absl::flat_hash_map<int, int, seeded> stateful(0);
	absl::flat_hash_set<char> bytes;
	auto held = std::make_unique<holder>();
	flat<int, flat<int, int>> outer;

	for (int count = 1; count <= 40; count++)
		for (int key = 0; key < count; key++)
			small[static_cast<size_t>(count) - 1][key] = key;
	for (int key = 0; key < 20000; key++)
		kept[key] = half[key] = emptied[key] = key;
	for (int key = 0; key < 20000; key++) {
		if (key % 2 != 0)
			half.erase(key);
		emptied.erase(key);
	}
	for (int key = 0; key < 700; key++) {
		stateful[key] = held->map[key] = outer[key % 30][key] = key;
		global[static_cast<uint64_t>(key)] = 1;
		bytes.insert(static_cast<char>(key));
	}
	for (int key = 0; key < 100; key++)
		cleared[key] = key;
	cleared.clear();
	reserved.reserve(3000);

	for (const auto &map : small)
		names.push_back("of " + std::to_string(map.size()));
	for (size_t i = 0; i < small.size(); i++)
		truth_absl(names[i].c_str(), "block", small[i], false, true);
	truth_absl("kept", "stack", kept, false, true);
	truth_absl("half", "stack", half, false, false);
	truth_absl("emptied", "stack", emptied, false, false);
	truth_absl("cleared", "stack", cleared, false, false);
	truth_absl("reserved", "stack", reserved, false, false);
	truth_absl("a hasher with members", "stack", stateful, false, true);
	truth_absl("set of bytes", "stack", bytes, false, true);
	truth_absl("in a struct", "block", held->map, false, true);
	truth_absl("global", "global", global, false, true);
	truth_absl("outer", "stack", outer, false, true);
	for (const auto &entry : outer)
		truth_absl("inner", "block", entry.second, false, true);
	with_strings();
	truth_end();
	return 0;
}
