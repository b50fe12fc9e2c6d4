/*
 * Twins of a C++ map (needed.h) for any implementation, and its own call that gives memory back.
 * The program's operators new and delete count what maps truly hold, and how much more there is
 * during that call. Included by one source file of a program only.
 */
#ifndef TEST_PROGRAMS_NEEDED_MAP_H
#define TEST_PROGRAMS_NEEDED_MAP_H

#include "test_programs/needed.h"

#include <cstdlib>
#include <deque>
#include <new>

static size_t counted_live, counted_peak;

__attribute__((noinline)) void *
operator new(size_t size)
{
	void *block = malloc(size);
	if (block == nullptr)
		abort();
	counted_live += size;
	counted_peak = counted_live > counted_peak ? counted_live : counted_peak;
	return block;
}

/* Containers say how much they give back. */
__attribute__((noinline)) void
operator delete(void *block, size_t size) noexcept
{
	counted_live -= size;
	free(block);
}

__attribute__((noinline)) void
operator delete(void *block) noexcept
{
	free(block);
}

template <class Map>
class twins {
public:
	/* `insert(map, number)` puts one entry in, `erase(map, number)` takes it out. */
	template <class Insert, class Erase>
	twins(const char *name, const Map &empty, Insert insert, Erase erase,
	      uint64_t most = NEEDED_TO)
	    : label(name)
	{
		for (uint64_t count = 1; count <= most; count = needed_after(count)) {
			pairs.push_back({empty, empty, 0});
			pair &both = pairs.back();
			uint64_t before = counted_live;
			for (uint64_t number = 0; number < count; number++)
				insert(both.fresh, number);
			both.held = counted_live - before;
			for (uint64_t number = 0; number < most + most / 5; number++)
				insert(both.emptied, number);
			for (uint64_t number = count; number < most + most / 5; number++)
				erase(both.emptied, number);
		}
		for (const pair &both : pairs)
			needed_tell_held(name, both.fresh.size(), &both.emptied, &both.fresh,
			                 both.held);
	}

	/* Something done to each that was emptied, before the snapshot "needed". */
	template <class Call>
	void
	prepare(Call call)
	{
		for (pair &both : pairs)
			call(both.emptied);
	}

	template <class Call>
	void
	call(const char *remedy, Call call)
	{
		for (pair &both : pairs) {
			uint64_t before = counted_live;
			counted_peak = before;
			call(both.emptied);
			needed_tell_shrunk(label, remedy, both.emptied.size(), &both.emptied,
			                   counted_peak - before);
		}
	}

private:
	struct pair {
		Map emptied, fresh;
		uint64_t held; /* by the fresh one */
	};
	const char *label;
	std::deque<pair> pairs; /* never moves what it holds */
};

#endif
