/*
 * Maps in memory that lies where a module's bss could: an anonymous mapping right behind one of a
 * file, and in that private mapping of a file itself. Neither is a global; one that is lies beside
 * them, and one each on the stacks of two threads.
 */
#include "test_programs/truth_unordered.h"

#include <cstdlib>
#include <fcntl.h>
#include <future>
#include <new>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

typedef std::unordered_map<int, int> map_type;
static map_type global;

/* Two pages of a file, the second one replaced by anonymous memory. */
static char *
map_pages(size_t page)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	void *at = mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (fd < 0 || at == MAP_FAILED ||
	    mmap(static_cast<char *>(at) + page, page, PROT_READ | PROT_WRITE,
	         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		abort();
	close(fd);
	return static_cast<char *>(at);
}

static void
hold_on_stack(std::promise<const map_type *> *made, std::future<void> *end)
{
	map_type map;
	for (int key = 0; key < 3000; key++)
		map[key] = key;
	made->set_value(&map);
	end->wait();
}

int
main()
{
	size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
	char *pages = map_pages(page);
	map_type *in_file = new (pages) map_type, *behind = new (pages + page) map_type;
	map_type on_stack;
	for (int key = 0; key < 3000; key++)
		global[key] = (*in_file)[key] = (*behind)[key] = on_stack[key] = key;
	truth_unordered("global", "global", global, true);
	truth_unordered("in a mapped file", "other", *in_file, true);
	truth_unordered("behind a file", "other", *behind, true);
	truth_unordered("on the stack", "stack", on_stack, true);
	std::promise<const map_type *> made;
	std::promise<void> end;
	std::future<void> ended = end.get_future();
	std::thread other(hold_on_stack, &made, &ended);
	truth_unordered("on a thread's stack", "stack", *made.get_future().get(), true);
	truth_end();
	end.set_value();
	other.join();
	return 0;
}
