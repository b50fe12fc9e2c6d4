/*
 * The copy of a guest's memory; see memory_copy.h.
 */
#include "finder/memory_copy.h"

#include <errno.h>
#include <string.h>

enum { PAGE = 4096 };

/* No process has so many addresses; sums of what is less do not overflow. */
static const uint64_t most = (uint64_t)1 << 48;

/* Joins neighbours to runs, whose `bytes` are offsets for now; *total is their size. Runs begin at
 * the same place in a page as in the guest: what is one page there is one page here. */
static int
join(struct memory_copy *copy, uint64_t *total)
{
	const struct memory_region *regions = copy->regions.at;
	struct memory_run *run = NULL;
	*total = 0;
	for (size_t i = 0; i < copy->regions.count; i++) {
		uint64_t size = regions[i].end - regions[i].start;
		if (!run || run->end != regions[i].start) {
			run = array_add(&copy->runs, sizeof(*run), 1);
			if (!run)
				return -1;
			*total = (*total + PAGE - 1) / PAGE * PAGE + regions[i].start % PAGE;
			run->start = run->end = regions[i].start;
			run->bytes = (unsigned char *)(uintptr_t)*total;
		}
		run->end = regions[i].end;
		*total += size < most ? size : most;
		if (*total >= most) {
			errno = ENOMEM;
			return -1;
		}
	}
	return 0;
}

static const struct memory_run *
run_of(struct memory_copy *copy, uint64_t address, uint64_t size)
{
	const struct memory_run *runs = copy->runs.at;
	const struct memory_run *run = copy->last;
	if (!run || address < run->start || address >= run->end) {
		size_t up_to = array_up_to(runs, copy->runs.count, sizeof *runs,
		                           offsetof(struct memory_run, start), address);
		if (up_to == 0 || address >= runs[up_to - 1].end)
			return NULL;
		copy->last = run = &runs[up_to - 1];
	}
	return size <= run->end - address ? run : NULL;
}

unsigned char *
memory_copy_at(struct memory_copy *copy, uint64_t address, uint64_t size)
{
	const struct memory_run *run = run_of(copy, address, size);
	return run ? run->bytes + (address - run->start) : NULL;
}

static const void *
copy_view(struct memory *memory, uint64_t address, size_t size)
{
	return memory_copy_at(memory->context, address, size);
}

int
memory_copy_open(struct memory_copy *copy, struct memory *memory)
{
	uint64_t total;
	if (join(copy, &total) != 0)
		return -1;
	copy->bytes = array_map(total + PAGE);
	if (!copy->bytes)
		return -1;
	/* array_map's own front is less than a page: begin at the next */
	unsigned char *first = copy->bytes + (PAGE - (uintptr_t)copy->bytes % PAGE) % PAGE;
	struct memory_run *runs = copy->runs.at;
	for (size_t i = 0; i < copy->runs.count; i++)
		runs[i].bytes = first + (uintptr_t)runs[i].bytes;
	memory->regions = copy->regions.at;
	memory->region_count = copy->regions.count;
	memory->context = copy;
	memory->view = copy_view;
	return 0;
}

void
memory_copy_close(struct memory_copy *copy)
{
	array_unmap(copy->bytes);
	array_release(&copy->runs);
	array_release(&copy->regions);
	memset(copy, 0, sizeof(*copy));
}
