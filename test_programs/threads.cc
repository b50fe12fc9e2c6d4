/*
 * Eight threads with maps of their own, all at once; each map outlives its thread. Prints what the
 * maps hold at the end, which does not hang on who was faster.
 */
#include <cstdio>
#include <maptrace.h>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

enum {
	THREADS = 8,
	KEYS = 4000,
};

static std::unordered_map<int, std::string> maps[THREADS];

/* Inserts, erases every key that its number does not divide, and throws away maps meanwhile. */
static void
work(int number)
{
	std::unordered_map<int, std::string> &map = maps[number];
	for (int key = 0; key < KEYS; key++) {
		map[key] = std::string(static_cast<size_t>(key % 60), 'v');
		if (key % 500 == 0) {
			std::unordered_map<int, int> passing;
			for (int i = 0; i < 300; i++)
				passing[i] = key;
		}
	}
	for (int key = 0; key < KEYS; key++)
		if (key % (number + 1) != 0)
			map.erase(key);
}

int
main()
{
	std::vector<std::thread> threads;
	for (int number = 0; number < THREADS; number++)
		threads.emplace_back(work, number);
	for (std::thread &thread : threads)
		thread.join();
	for (int number = 0; number < THREADS; number++)
		std::printf("map %d: %zu entries, %zu buckets\n", number, maps[number].size(),
		            maps[number].bucket_count());
	std::fflush(stdout);
	maptrace_mark("joined");
	return 0;
}
