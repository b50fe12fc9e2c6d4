/*
 * std::unordered_map with strings: their hash is slow, so a node caches it; strings of more than 15
 * characters have blocks of their own, which no frame of the map allocates.
 */
#include "test_programs/truth_unordered.h"

/* Every fourth is short and lies in its node. */
static std::string
text_of(int number)
{
	std::string text = std::to_string(number);
	return number % 4 == 0 ? text : text + std::string(20 + number % 30, 'x');
}

int
main()
{
	std::unordered_map<std::string, int> by_name;
	std::unordered_map<int, std::string> by_number;
	std::unordered_map<std::string, std::string> both, cleared;
	for (int number = 0; number < 5000; number++) {
		by_name.emplace(text_of(number), number);
		by_number.emplace(number, text_of(number));
		both.emplace(text_of(number), text_of(number + 1));
		cleared.emplace(text_of(number), text_of(number + 1));
	}
	for (int number = 0; number < 5000; number += 3)
		both.erase(text_of(number));
	cleared.clear();
	truth_unordered("string to int", "stack", by_name, true);
	truth_unordered("int to string", "stack", by_number, true);
	truth_unordered("string to string, a third erased", "stack", both, false);
	truth_unordered("string to string, cleared", "stack", cleared, false);
	truth_end();
	return 0;
}
