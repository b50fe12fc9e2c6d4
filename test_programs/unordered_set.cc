/*
 * std::unordered_set and _multiset: the entry is the key alone.
 */
#include "test_programs/truth_unordered.h"

int
main()
{
	std::unordered_set<long> kept, half;
	std::unordered_multiset<int> many;
	std::unordered_set<std::string> names;
	for (int key = 0; key < 10000; key++) {
		kept.insert(key);
		half.insert(key);
		many.insert(key / 3);
		names.insert("a name of some length " + std::to_string(key));
	}
	for (int key = 0; key < 10000; key += 2)
		half.erase(key);
	truth_unordered("kept", "stack", kept, true);
	truth_unordered("half", "stack", half, false);
	truth_unordered("multiset", "stack", many, true);
	truth_unordered("strings", "stack", names, true);
	truth_end();
	return 0;
}
