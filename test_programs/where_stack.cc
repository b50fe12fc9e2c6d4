/*
 * Maps in the frames of functions, on the stacks of three threads, while the first takes a
 * snapshot. Each prints whose frame and whose stack it is in. `work` runs its functions from one
 * call, one after the other, in frames of one size: the last one it runs must not be taken for
 * another.
 */
#include "maptrace.h"

#include <cstdint>
#include <cstdio>
#include <future>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <unordered_map>

/* A function that keeps its name, its frame and its callers. */
#ifdef __clang__
#define OF_ITS_OWN __attribute__((noinline))
#else
#define OF_ITS_OWN __attribute__((noipa))
#endif

typedef std::unordered_map<int, int> map_type;

struct meeting {
	std::promise<void> here;
	std::future<void> end;
};

static std::promise<void> ends[2];
static meeting meetings[2];

static void
fill(map_type *map)
{
	for (int key = 0; key < 1000; key++)
		(*map)[key] = key;
}

static void
tell(const char *function, const map_type *map)
{
	printf("{\"function\": \"%s\", \"thread\": %ld, \"address\": \"0x%jx\"}\n", function,
	       syscall(SYS_gettid), reinterpret_cast<uintmax_t>(map));
}

static void
meet(meeting *meeting)
{
	if (!meeting)
		return;
	meeting->here.set_value();
	meeting->end.wait();
}

extern "C" {

OF_ITS_OWN void
one_that_waits(meeting *meeting)
{
	map_type map;
	fill(&map);
	tell("one_that_waits", &map);
	meet(meeting);
}

OF_ITS_OWN void
first_of_two(meeting *meeting)
{
	map_type map;
	fill(&map);
	meet(meeting);
}

OF_ITS_OWN void
second_of_two(meeting *meeting)
{
	map_type map;
	fill(&map);
	if (meeting)
		tell("second_of_two", &map);
	meet(meeting);
}

OF_ITS_OWN void
work(meeting *meeting)
{
	void (*volatile tasks[])(struct meeting *) = { first_of_two, second_of_two, first_of_two,
		                                      second_of_two };
	for (int i = 0; i < 4; i++)
		tasks[i](i == 3 ? meeting : nullptr);
}

OF_ITS_OWN void
one_that_marks()
{
	map_type map;
	fill(&map);
	tell("one_that_marks", &map);
	maptrace_mark("all");
	fill(&map);
}

}

int
main()
{
	for (int i = 0; i < 2; i++)
		meetings[i].end = ends[i].get_future();
	std::thread waiter(one_that_waits, &meetings[0]), worker(work, &meetings[1]);
	for (int i = 0; i < 2; i++)
		meetings[i].here.get_future().wait();
	map_type map;
	fill(&map);
	tell("main", &map);
	one_that_marks();
	for (int i = 0; i < 2; i++)
		ends[i].set_value();
	waiter.join();
	worker.join();
	return 0;
}
