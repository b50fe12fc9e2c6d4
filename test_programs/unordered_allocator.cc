/*
 * An allocator, and a comparison, with members of their own: libstdc++ has them before the map's
 * fields. The frames of such an allocator hide the map's, so the structure alone tells.
 */
#include "test_programs/truth_unordered.h"

#include <cstdlib>

template <class T>
struct numbered {
	using value_type = T;
	uint64_t number;

	explicit numbered(uint64_t which) : number(which) {}
	template <class Other> numbered(const numbered<Other> &other) : number(other.number) {}

	T *
	allocate(size_t count)
	{
		return static_cast<T *>(malloc(count * sizeof(T)));
	}

	void deallocate(T *block, size_t) { free(block); }
	bool operator==(const numbered &other) const { return number == other.number; }
	bool operator!=(const numbered &other) const { return number != other.number; }
};

struct modulo {
	int by;
	bool operator()(int a, int b) const { return a % by == b % by; }
};

using entry = std::pair<const int, int>;

int
main()
{
	std::unordered_map<int, int, std::hash<int>, std::equal_to<int>, numbered<entry>> own(
	    0, std::hash<int>(), std::equal_to<int>(), numbered<entry>(7));
	std::unordered_set<int, std::hash<int>, modulo, numbered<int>> both(
	    0, std::hash<int>(), modulo{1 << 20}, numbered<int>(8));
	for (int key = 0; key < 5000; key++) {
		own[key] = key;
		both.insert(key);
	}
	for (int key = 10; key < 5000; key++)
		both.erase(key);
	truth_unordered("an allocator with members", "stack", own, true);
	truth_unordered("a comparison too", "stack", both, false);
	truth_end();
	return 0;
}
