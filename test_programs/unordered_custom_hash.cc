/*
 * Hashers of the user's own. One that may throw makes the map cache hashes in its nodes; one that
 * is noexcept does not; one with a member of its own moves the map's fields by its size.
 */
#include "test_programs/truth_unordered.h"

struct may_throw {
	size_t operator()(int key) const { return static_cast<size_t>(key) * 2654435761u; }
};

struct never_throws {
	size_t operator()(int key) const noexcept { return static_cast<size_t>(key) * 2654435761u; }
};

struct seeded {
	size_t seed;
	size_t operator()(int key) const noexcept { return static_cast<size_t>(key) * seed; }
};

int
main()
{
	std::unordered_map<int, int, may_throw> cached;
	std::unordered_map<int, int, never_throws> uncached;
	std::unordered_map<int, int, seeded> stateful(0, seeded{40503});
	static_assert(sizeof(stateful) == sizeof(uncached) + sizeof(seeded), "the seed lies in it");
	for (int key = 0; key < 6000; key++)
		cached[key] = uncached[key] = stateful[key] = key;
	for (int key = 100; key < 6000; key++)
		stateful.erase(key);
	truth_unordered("cached", "stack", cached, true);
	truth_unordered("uncached", "stack", uncached, true);
	truth_unordered("stateful", "stack", stateful, false);
	truth_end();
	return 0;
}
