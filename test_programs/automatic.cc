/*
 * Lives of maps that only snapshots taken by themselves can see: nothing here makes a mark, and no
 * map outlives its scenario. Its time is told (told_time.h), so that they come at the same moments
 * on every machine.
 *
 *     automatic SCENARIO [ENTRIES [TIMES]]    default 200000 entries
 */
#include "test_programs/told_time.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <unistd.h>
#include <unordered_map>
#include <vector>

using map_type = std::unordered_map<int, int>;

static const unsigned CHANGE_NS = 50; /* what a change of a map takes */
static int entries = 200000;
static volatile int times = 1;

static void
sleep_ms(unsigned milliseconds)
{
	time_pass(milliseconds * TIME_MS);
}

/* What a program does besides its maps. */
static void
allocate_for_ms(int milliseconds)
{
	std::vector<char *> recent(100);
	for (int ms = 0; ms < milliseconds; ms++) {
		for (size_t i = 0; i < recent.size(); i++) {
			delete[] recent[i];
			recent[i] = new char[100 + (static_cast<size_t>(ms) + i) % 400];
		}
		sleep_ms(1);
	}
	for (char *block : recent)
		delete[] block;
}

static void
fill(map_type &map)
{
	for (int key = 0; key < entries; key++) {
		map[key] = key;
		time_pass(CHANGE_NS);
	}
}

static void
erase(map_type &map, int count)
{
	for (int key = 0; key < count; key++) {
		map.erase(key);
		time_pass(CHANGE_NS);
	}
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
	std::vector<char *> blocks;
	for (int ms = 0; ms < 2000; ms++) {
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
		sleep_ms(20);
	}
}

/* Says that it waits to be killed, and does. */
[[noreturn]] static void
wait_to_be_killed()
{
	setvbuf(stdout, nullptr, _IONBF, 0);
	puts("ready");
	for (;;)
		pause();
}

/* Emptied, and killed after a second with something going on now and then. */
static void
killed()
{
	map_type map;
	fill(map);
	erase(map, entries);
	for (int i = 0; i < 50; i++) {
		sleep_ms(20);
		delete[] new char[static_cast<size_t>(times)];
	}
	wait_to_be_killed();
}

/* Killed without an event since it was emptied. */
static void
killed_silent()
{
	map_type map;
	fill(map);
	erase(map, entries);
	sleep_ms(1000);
	wait_to_be_killed();
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
