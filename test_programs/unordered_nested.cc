/*
 * Maps within a map: the inner headers lie in the outer map's nodes.
 */
#include "test_programs/truth_unordered.h"

#include <vector>

int
main()
{
	std::unordered_map<int, std::unordered_map<int, int>> outer;
	for (int key = 0; key < 40; key++)
		for (int inner = 0; inner < 500 + 10 * key; inner++)
			outer[key][inner] = inner;
	for (int key = 0; key < 40; key += 2)
		outer[key].clear();

	std::vector<std::string> names;
	for (const auto &entry : outer) {
		names.push_back("inner " + std::to_string(entry.first));
		truth_unordered(names.back().c_str(), "node", entry.second, entry.first % 2 != 0);
	}
	truth_unordered("outer", "stack", outer, true);
	truth_end();
	return 0;
}
