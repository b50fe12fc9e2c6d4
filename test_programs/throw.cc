/*
 * C++ exceptions through many frames that allocate and own: what was thrown must arrive, every
 * owner on the way must be destroyed, and memory that is refused must arrive as bad_alloc. Prints a
 * checksum of all that.
 */
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

static int live_owners;

/* Owns memory, and counts that it lives. */
class owner {
public:
	explicit owner(int depth) : bytes(static_cast<size_t>(depth) + 1, 'x') { live_owners++; }
	~owner() { live_owners--; }
	owner(const owner &) = delete;
	owner &operator=(const owner &) = delete;
	size_t size() const { return bytes.size(); }

private:
	std::vector<char> bytes;
};

struct signal_thrown {
	int depth;
	std::string text;
};

__attribute__((noinline)) static size_t
descend(int depth, int bottom)
{
	owner here(depth);
	if (depth == bottom)
		throw signal_thrown{depth, std::string(100, 'b') + std::to_string(depth)};
	size_t below = descend(depth + 1, bottom);
	return below + here.size();
}

/* Catches half way up and throws on. */
__attribute__((noinline)) static size_t
relay(int bottom)
{
	owner here(bottom);
	try {
		return descend(0, bottom);
	} catch (const signal_thrown &thrown) {
		throw std::runtime_error(thrown.text + " relayed");
	}
}

static uint64_t
throw_often()
{
	uint64_t sum = 0;
	for (int round = 0; round < 400; round++) {
		try {
			relay(round % 120);
		} catch (const std::runtime_error &error) {
			for (const char *at = error.what(); *at != '\0'; at++)
				sum = sum * 31 + static_cast<unsigned char>(*at);
		}
		sum += static_cast<uint64_t>(live_owners);
	}
	return sum;
}

static int
refused_memory()
{
	int refused = 0;
	volatile size_t too_much = std::numeric_limits<size_t>::max() / 4;
	try {
		std::unique_ptr<char[]> block(new char[too_much]);
		block[0] = 1;
	} catch (const std::bad_alloc &) {
		refused++;
	}
	if (new (std::nothrow) char[too_much] == nullptr)
		refused++;
	try {
		std::string text;
		text.reserve(text.max_size());
	} catch (const std::exception &) {
		refused++;
	}
	try {
		volatile int negative = -1;
		delete[] new int[static_cast<size_t>(negative)];
	} catch (const std::bad_alloc &) {
		refused++;
	}
	return refused;
}

int
main()
{
	uint64_t sum = throw_often();
	int refused = refused_memory();
	std::printf("checksum %016llx, %d refused, %d owners left\n",
	            static_cast<unsigned long long>(sum), refused, live_owners);
	return live_owners == 0 && refused == 4 ? 0 : 1;
}
