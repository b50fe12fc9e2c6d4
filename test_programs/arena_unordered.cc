/*
 * std::pmr maps over the library's own monotonic and pool resources, wrapped by a resource that
 * tells maptrace what they hand out; and one in an ordinary heap beside them.
 */
#include "test_programs/truth_unordered.h"

#include <memory_resource>

/* Tells of each sub-block. What the resource beneath hands out lies in chunks that it gets from
 * new. */
class told final : public std::pmr::memory_resource {
	std::pmr::memory_resource &beneath;

	void *
	do_allocate(size_t bytes, size_t alignment) override
	{
		void *block = beneath.allocate(bytes, alignment);
		maptrace_allocate(block, bytes);
		return block;
	}

	void
	do_deallocate(void *block, size_t bytes, size_t alignment) override
	{
		maptrace_free(block);
		beneath.deallocate(block, bytes, alignment);
	}

	bool
	do_is_equal(const std::pmr::memory_resource &other) const noexcept override
	{
		return this == &other;
	}

public:
	explicit told(std::pmr::memory_resource &resource) : beneath(resource) {}
};

int
main()
{
	std::pmr::monotonic_buffer_resource row;
	std::pmr::unsynchronized_pool_resource pools;
	told told_row(row), told_pools(pools);
	std::pmr::unordered_map<int, long> sessions(&told_row), requests(&told_pools);
	std::unordered_map<int, int> plain;

	maptrace_name(&sessions, "sessions");
	maptrace_name(&requests, "requests");
	maptrace_name(&plain, "plain");
	for (int key = 0; key < 5000; key++) {
		sessions[key] = key;
		requests[key] = key;
		plain[key] = key;
	}
	for (int key = 10; key < 5000; key++)
		requests.erase(key);
	truth_unordered("sessions", "stack", sessions, true);
	truth_unordered("requests", "stack", requests, false);
	truth_unordered("plain", "stack", plain, true);
	truth_end();
	maptrace_name(&plain, nullptr);
	maptrace_mark("unnamed");
	return 0;
}
