/*
 * A table of at most 2048 live blocks of 256 KiB and more. Called by trigger.c at each event.
 *
 *     set 0   | address x 8 |   one cache line: a free that concerns no large block reads only this
 *     set 1   | address x 8 |
 *     ...                       blocks[set][way]: size and times of each
 *
 * Its lock is only ever tried: an event that does not get it goes unnoted. A missed removal makes
 * a snapshot too early, a missed block one too late; neither is worth making the guest wait.
 */
#include "preload/snapshot/large.h"

#include "preload/lock.h"
#include "trace/format.h"

enum { SETS = 256, WAYS = 8, TRIES = 1000 };

#define FIRST_LOOK_NS 1000000000ull /* 1 s, then 10 s, 100 s, ... */
#define LATER 10

static uint64_t addresses[SETS][WAYS] __attribute__((aligned(64)));
static struct {
	uint64_t size, birth_ns, due_ns;
} blocks[SETS][WAYS];

static uint32_t lock;
static uint64_t next_due = TRACE_UNKNOWN; /* never later than the earliest due_ns */

static bool
take_lock(void)
{
	for (int i = 0; i < TRIES; i++)
		if (lock_try(&lock))
			return true;
	return false;
}

static unsigned
set_of(uint64_t address)
{
	/* Large blocks start near page boundaries: only the bits above tell them apart. */
	return (unsigned)((address >> 12) * 0x9e3779b97f4a7c15ull >> 56);
}

static int
way_of(unsigned set, uint64_t address)
{
	for (int way = 0; way < WAYS; way++)
		if (__atomic_load_n(&addresses[set][way], __ATOMIC_RELAXED) == address)
			return way;
	return -1;
}

/* A free way, or the one whose block is smallest. */
static int
way_for(unsigned set)
{
	int smallest = 0;

	for (int way = 0; way < WAYS; way++) {
		if (!addresses[set][way])
			return way;
		if (blocks[set][way].size < blocks[set][smallest].size)
			smallest = way;
	}
	return smallest;
}

void
large_add(uint64_t address, uint64_t size, uint64_t now_ns)
{
	unsigned set = set_of(address);
	int way;

	if (!take_lock())
		return;
	way = way_of(set, address);
	if (way < 0)
		way = way_for(set);
	if (!addresses[set][way] || addresses[set][way] == address ||
	    blocks[set][way].size < size) {
		blocks[set][way].size = size;
		blocks[set][way].birth_ns = now_ns;
		blocks[set][way].due_ns = now_ns + FIRST_LOOK_NS;
		__atomic_store_n(&addresses[set][way], address, __ATOMIC_RELAXED);
		if (now_ns + FIRST_LOOK_NS < next_due)
			__atomic_store_n(&next_due, now_ns + FIRST_LOOK_NS, __ATOMIC_RELAXED);
	}
	lock_release(&lock);
}

void
large_remove(uint64_t address)
{
	unsigned set = set_of(address);
	int way;

	if (!take_lock())
		return;
	way = way_of(set, address);
	if (way >= 0)
		__atomic_store_n(&addresses[set][way], 0, __ATOMIC_RELAXED);
	lock_release(&lock);
}

uint64_t
large_size(uint64_t address)
{
	unsigned set = set_of(address);
	int way = way_of(set, address);

	return way < 0 ? 0 : blocks[set][way].size;
}

uint64_t
large_bytes(void)
{
	uint64_t bytes = 0;

	for (unsigned set = 0; set < SETS; set++)
		for (int way = 0; way < WAYS; way++)
			if (__atomic_load_n(&addresses[set][way], __ATOMIC_RELAXED))
				bytes += blocks[set][way].size;
	return bytes;
}

/* The earliest time among the blocks; those that are due at `passed` first wait ten times
 * longer. */
static uint64_t
earliest(uint64_t passed)
{
	uint64_t found = TRACE_UNKNOWN;

	for (unsigned set = 0; set < SETS; set++)
		for (int way = 0; way < WAYS; way++) {
			if (!addresses[set][way])
				continue;
			while (blocks[set][way].due_ns <= passed)
				blocks[set][way].due_ns +=
					(LATER - 1) * (blocks[set][way].due_ns -
					               blocks[set][way].birth_ns);
			if (blocks[set][way].due_ns < found)
				found = blocks[set][way].due_ns;
		}
	return found;
}

uint64_t
large_due(void)
{
	return __atomic_load_n(&next_due, __ATOMIC_RELAXED);
}

void
large_review(uint64_t passed_ns)
{
	if (!take_lock())
		return;
	__atomic_store_n(&next_due, earliest(passed_ns), __ATOMIC_RELAXED);
	lock_release(&lock);
}

void
large_after_fork(uint64_t now_ns)
{
	lock_release(&lock);
	for (unsigned set = 0; set < SETS; set++)
		for (int way = 0; way < WAYS; way++) {
			if (!addresses[set][way])
				continue; /* a child copies each page that it writes to */
			blocks[set][way].birth_ns = now_ns;
			blocks[set][way].due_ns = now_ns + FIRST_LOOK_NS;
		}
	large_review(0);
}
