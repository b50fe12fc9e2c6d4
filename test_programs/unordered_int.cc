/*
 * std::unordered_map with int keys: the hash of an int is not cached, so a node is its link and its
 * entry. One map that only grows, one half erased, one emptied.
 */
#include "test_programs/truth_unordered.h"

int
main()
{
	std::unordered_map<int, int> kept, half, emptied;
	for (int key = 0; key < 20000; key++)
		kept[key] = half[key] = emptied[key] = key;
	for (int key = 0; key < 20000; key++) {
		if (key % 2 != 0)
			half.erase(key);
		emptied.erase(key);
	}
	truth_unordered("kept", "stack", kept, true);
	truth_unordered("half", "stack", half, false);
	truth_unordered("emptied", "stack", emptied, false);
	truth_end();
	return 0;
}
