/*
 * std::unordered_multimap: more entries than keys, equal keys side by side in the list of nodes.
 */
#include "test_programs/truth_unordered.h"

int
main()
{
	std::unordered_multimap<int, double> kept, thinned;
	for (int number = 0; number < 12000; number++) {
		kept.emplace(number / 4, number);
		thinned.emplace(number / 4, number);
	}
	for (int key = 0; key < 3000; key++)
		if (key % 10 != 0)
			thinned.erase(key); /* all four of them */
	truth_unordered("kept", "stack", kept, true);
	truth_unordered("a tenth left", "stack", thinned, false);
	truth_end();
	return 0;
}
