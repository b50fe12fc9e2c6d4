/*
 * A fork is cheap for the pause and dear for what comes after it: the guest's next write to each
 * page costs it a fault (1 us; 2 us while the child lives, which copies), the child takes a fault's
 * time to see each page first, and to let it go. A search of large arrays takes no longer than the
 * fork alone, because memory without pointers is read as fast as it comes:
 *
 *     each page of 4 KiB        fork 0.12 us, written to later 0.9 to 2.3 us, searched 0.15 us
 *     each byte of small blocks                                               searched 1 to 3 ns
 *     each small block of a hundred bytes and more, few of them pointers      searched 100 ns
 *     each byte of other memory, which mostly held small blocks once          searched 0.5 ns
 *
 * So a guest of one thread whose memory is mostly large blocks is searched while it stands still,
 * if that takes it no longer than 1.2 times a fork and writing to a quarter of its pages after it;
 * one that ends anyway, which waits for its child as well, always is.
 *
 * Rule: while a visit lasts nothing else runs in the guest's memory.
 */
#include "preload/snapshot/snapshot_way.h"

#include "preload/hooks/ends.h"
#include "preload/ledger/counters.h"
#include "preload/process/tracer.h"
#include "preload/snapshot/large.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum {
	BASE_NS = 300000, /* of both, in a process of no size */
	FORK_PAGE_NS = 120,
	WRITE_PAGE_NS = 1000,
	WRITTEN_SHARE = 4,    /* every fourth page is taken to be written to after a fork */
	SEARCH_PAGE_NS = 150,
	SEARCH_BYTE_NS = 1,   /* of small blocks, ... */
	SEARCH_BLOCK_NS = 100, /* ... which is no more than this for each */
	SEARCH_STALE_BYTES = 2, /* in a nanosecond, where words still point at small blocks */
	PAGE = 4096,
	MISJUDGED = 3,        /* times the estimate: from here on it is remembered ... */
	NOTED_NS = 10000000,  /* ... where it is no matter of a busy machine and a small guest */
};

#define VISIT_NS_MAX 100000000ull /* nobody shall notice that the guest stands still */

static uint64_t estimated_ns = BASE_NS; /* of the visit under way */
static uint64_t times_slower = 1; /* than the figures above, by the slowest visit so far */
static bool has_fallen;

static uint64_t
number(const char **at)
{
	uint64_t value = 0;

	while (**at == ' ')
		++*at;
	for (; **at >= '0' && **at <= '9'; ++*at)
		value = value * 10 + (uint64_t)(**at - '0');
	return value;
}

/* Pages of its own that the process has in memory ("size resident shared ..."); 0: not known. */
static uint64_t
own_pages(void)
{
	char text[128];
	const char *at = text;
	uint64_t resident, shared;
	ssize_t size;
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	do
		size = read(fd, text, sizeof(text) - 1);
	while (size < 0 && errno == EINTR);
	close(fd);
	text[size > 0 ? size : 0] = '\0';
	number(&at);
	resident = number(&at);
	shared = number(&at);
	return resident > shared ? resident - shared : 0;
}

/* To search the small blocks and what they left behind, beside the pages that all this lies in. */
static uint64_t
small_blocks_ns(uint64_t pages)
{
	uint64_t live = __atomic_load_n(&tracer.writer.header->live_bytes, __ATOMIC_RELAXED);
	uint64_t large = large_bytes(), resident = pages * PAGE;
	uint64_t by_bytes = live > large ? (live - large) * SEARCH_BYTE_NS : 0;
	uint64_t by_blocks = counters_live_blocks() * SEARCH_BLOCK_NS;
	uint64_t stale_ns = resident > live ? (resident - live) / SEARCH_STALE_BYTES : 0;

	return stale_ns + (by_bytes < by_blocks ? by_bytes : by_blocks);
}

bool
snapshot_way_is_visit(enum trace_snapshot_cause cause)
{
	uint64_t pages, fork_ns;

	if (has_fallen || !ends_is_single_threaded())
		return false;
	pages = own_pages();
	fork_ns = BASE_NS + pages * (FORK_PAGE_NS * 6 / 5 + WRITE_PAGE_NS / WRITTEN_SHARE);
	estimated_ns = BASE_NS + pages * SEARCH_PAGE_NS + small_blocks_ns(pages);
	if (cause == TRACE_CAUSE_EXIT || cause == TRACE_CAUSE_EXIT_LATE)
		return true;
	return estimated_ns * times_slower <= fork_ns &&
	       estimated_ns * times_slower <= VISIT_NS_MAX;
}

void
snapshot_way_took(uint64_t cpu_ns)
{
	if (cpu_ns >= NOTED_NS && cpu_ns / estimated_ns >= MISJUDGED &&
	    cpu_ns / estimated_ns > times_slower)
		times_slower = cpu_ns / estimated_ns;
}

void
snapshot_way_fell(void)
{
	has_fallen = true;
}
