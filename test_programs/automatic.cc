/*
 * Lives of maps that only snapshots taken by themselves can see: nothing here makes a mark, and no
 * map outlives its scenario.
 *
 *     automatic SCENARIO [ENTRIES [TIMES]]    default 200000 entries
 */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <time.h>
#include <unistd.h>
#include <unordered_map>
#include <vector>

using map_type = std::unordered_map<int, int>;

static int entries = 200000;
static volatile int times = 1;

static double
seconds()
{
	timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

static void
sleep_ms(long milliseconds)
{
	timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
	nanosleep(&pause, nullptr);
}

/* What a program does besides its maps. */
static void
allocate_for_ms(int milliseconds)
{
	double end = seconds() + milliseconds / 1e3;
	std::vector<char *> recent(100);
	for (size_t i = 0; seconds() < end; i++) {
		delete[] recent[i % recent.size()];
		recent[i % recent.size()] = new char[100 + i % 400];
		if (i % 100 == 0)
			sleep_ms(1);
	}
	for (char *block : recent)
		delete[] block;
}

static void
fill(map_type &map)
{
	for (int key = 0; key < entries; key++)
		map[key] = key;
}

static void
erase(map_type &map, int count)
{
	for (int key = 0; key < count; key++)
		map.erase(key);
}

/* Emptied, then no event at all for most of the run. */
static void
idle()
{
	map_type map;
	fill(map);
	erase(map, entries);
	sleep_ms(1500);
}

/* Only ever filled: whatever is seen of it, it retains nothing. */
static void
full()
{
	for (int i = 0; i < times; i++) {
		map_type map;
		fill(map);
	}
}

static void
cleared()
{
	map_type map;
	fill(map);
	map.clear();
	allocate_for_ms(1500);
}

/* Nine tenths are erased, and the map soon dies. */
static void
tenth()
{
	{
		map_type map;
		fill(map);
		erase(map, entries / 10 * 9);
		allocate_for_ms(100);
	}
	allocate_for_ms(300);
}

static void
worker()
{
	std::thread thread(idle);
	thread.join();
}

/* Rises for two seconds and never falls before the end. */
static void
rise()
{
	double start = seconds();
	std::vector<char *> blocks;
	while (seconds() < start + 2) {
		for (int i = 0; i < 50; i++)
			blocks.push_back(new char[1000]);
		sleep_ms(1);
	}
	_exit(0);
}

static void
cycles()
{
	for (int i = 0; i < times; i++) {
		map_type map;
		fill(map);
		erase(map, entries);
	}
}

/* Waits to be killed after its map was emptied; `events`: with something going on now and then. */
[[noreturn]] static void
wait_to_be_killed(bool events)
{
	map_type map;
	setvbuf(stdout, nullptr, _IONBF, 0);
	fill(map);
	erase(map, entries);
	puts("ready");
	for (;;) {
		sleep_ms(20);
		if (events)
			delete[] new char[static_cast<size_t>(times)];
	}
}

static void
killed()
{
	wait_to_be_killed(true);
}

static void
killed_silent()
{
	wait_to_be_killed(false);
}

static const struct {
	const char *name;
	void (*run)();
} scenarios[] = {
    {"idle", idle},     {"full", full},     {"cleared", cleared}, {"tenth", tenth},
    {"worker", worker}, {"rise", rise},     {"cycles", cycles},   {"killed", killed},
    {"killed_silent", killed_silent},
};

int
main(int argc, char **argv)
{
	if (argc > 2)
		entries = atoi(argv[2]);
	if (argc > 3)
		times = atoi(argv[3]);
	for (const auto &scenario : scenarios)
		if (argc > 1 && strcmp(scenario.name, argv[1]) == 0) {
			scenario.run();
			return 0;
		}
	fprintf(stderr, "usage: %s SCENARIO [ENTRIES [TIMES]]\n", argv[0]);
	return 2;
}
