/*
 * Maps in globals: in the program's data, in a function's static, and behind a global pointer.
 */
#include "test_programs/truth_unordered.h"

static std::unordered_map<int, int> cache;
std::unordered_map<int, int> emptied;
static std::unordered_map<int, int> *pointed;

static std::unordered_map<int, int> &
registry()
{
	static std::unordered_map<int, int> map;
	return map;
}

int
main()
{
	pointed = new std::unordered_map<int, int>;
	for (int key = 0; key < 9000; key++)
		cache[key] = emptied[key] = registry()[key] = (*pointed)[key] = key;
	emptied.clear();
	for (int key = 1; key < 9000; key++)
		registry().erase(key);
	truth_unordered("cache", "global", cache, true);
	truth_unordered("emptied", "global", emptied, false);
	truth_unordered("registry", "global", registry(), false);
	truth_unordered("pointed", "block", *pointed, true);
	truth_end();
	delete pointed;
	return 0;
}
