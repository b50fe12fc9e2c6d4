/*
 * Maps within larger objects on the heap: the header is in the middle of a live block.
 */
#include "test_programs/truth_unordered.h"

#include <memory>

struct session {
	char user[40];
	std::unordered_map<int, long> requests;
	int state;
	std::unordered_set<int> open;
};

int
main()
{
	auto busy = std::make_unique<session>();
	auto idle = std::make_unique<session>();
	for (int key = 0; key < 8000; key++) {
		busy->requests[key] = key;
		busy->open.insert(key);
		idle->requests[key] = key;
		idle->open.insert(key);
	}
	idle->requests.clear();
	for (int key = 5; key < 8000; key++)
		idle->open.erase(key);
	truth_unordered("busy requests", "struct", busy->requests, true);
	truth_unordered("busy open", "struct", busy->open, true);
	truth_unordered("idle requests", "struct", idle->requests, false);
	truth_unordered("idle open", "struct", idle->open, false);
	truth_end();
	return 0;
}
