/*
 * C++ exceptions while everybody allocates: destructors on the way, handlers, throws within them,
 * exceptions passed on and kept for later.
 */
#include "test_programs/torture/torture.h"

#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

enum {
	ROUNDS = 200,
	DEEPEST = 20,
};

static uint32_t seed = 11;

/* Allocates when it goes, also while an exception passes. */
class owner {
public:
	owner() : bytes(1 + torture_random(&seed) % 100) {}
	TORTURE ~owner()
	{
		TORTURE_FRAME;
		torture_allocate();
	}
	owner(const owner &) = delete;
	owner &operator=(const owner &) = delete;

private:
	std::vector<char> bytes;
};

TORTURE static void
descend(int left)
{
	TORTURE_FRAME;
	owner here;
	torture_allocate();
	if (left == 0)
		throw std::runtime_error(std::string(60, 't'));
	descend(left - 1);
	torture_allocate();
}

TORTURE static void
relay(int depth)
{
	TORTURE_FRAME;
	try {
		descend(depth);
	} catch (const std::runtime_error &error) {
		torture_allocate();
		owner here;
		std::throw_with_nested(std::logic_error(error.what() + std::string(30, 'l')));
	}
}

TORTURE static size_t
unwrap(const std::exception &error)
{
	TORTURE_FRAME;
	size_t length = std::string(error.what()).size();
	try {
		std::rethrow_if_nested(error);
	} catch (const std::exception &inner) {
		torture_allocate();
		length += unwrap(inner);
	}
	return length;
}

TORTURE static std::exception_ptr
keep(int depth)
{
	TORTURE_FRAME;
	try {
		relay(depth);
	} catch (...) {
		torture_allocate();
		return std::current_exception();
	}
	return nullptr;
}

TORTURE static size_t
round_trip(int depth)
{
	TORTURE_FRAME;
	std::exception_ptr kept = keep(depth);
	std::function<void(int)> again = [&kept](int left) {
		if (left == 0)
			std::rethrow_exception(kept);
	};
	try {
		for (int i = 3; i >= 0; i--)
			again(i);
	} catch (const std::logic_error &error) {
		torture_allocate();
		return unwrap(error);
	}
	return 0;
}

int
main()
{
	size_t sum = 0;
	for (int i = 0; i < ROUNDS; i++)
		sum += round_trip(static_cast<int>(torture_random(&seed) % DEEPEST));
	return sum == ROUNDS * static_cast<size_t>(150) ? torture_end() : 2;
}
