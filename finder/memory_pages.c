/*
 * A page's state as two bits, four pages a byte; see memory_pages.h. A process may reserve
 * terabytes that it never touches: only states other than 0 are written, so the table costs memory
 * for touched pages only.
 */
#include "finder/memory_pages.h"

#include "finder/array.h"

#include <fcntl.h>
#include <unistd.h>

enum { PAGE_BITS = 12, PAGE = 1 << PAGE_BITS, PRESENT = 1, SWAPPED = 2, BATCH = 8192 };

#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_SWAPPED (1ull << 62)

static uint64_t
first_page(const struct memory_region *region)
{
	return region->start >> PAGE_BITS;
}

static uint64_t
page_count(const struct memory_region *region)
{
	return ((region->end + PAGE - 1) >> PAGE_BITS) - first_page(region);
}

static unsigned
state_of(const struct memory_pages *pages, const struct memory *memory,
         const struct memory_region *region, uint64_t address)
{
	uint64_t page = pages->starts[region - memory->regions] +
	                (address >> PAGE_BITS) - first_page(region);
	return pages->states[page / 4] >> (page % 4 * 2) & 3;
}

static bool
read_region(int fd, const struct memory_region *region, uint64_t start, uint8_t *states,
            uint64_t *batch)
{
	uint64_t count = page_count(region);
	for (uint64_t done = 0; done < count;) {
		uint64_t want = count - done < BATCH ? count - done : BATCH;
		ssize_t got = pread(fd, batch, want * sizeof(*batch),
		                    (off_t)((first_page(region) + done) * sizeof(*batch)));
		if (got < (ssize_t)sizeof(*batch))
			return false;
		for (size_t i = 0; i < (size_t)got / sizeof(*batch); i++) {
			unsigned state = (batch[i] & PAGEMAP_PRESENT ? PRESENT : 0) |
			                 (batch[i] & PAGEMAP_SWAPPED ? SWAPPED : 0);
			uint64_t page = start + done + i;
			if (state)
				states[page / 4] |= (uint8_t)(state << (page % 4 * 2));
		}
		done += (uint64_t)got / sizeof(*batch);
	}
	return true;
}

void
memory_pages_open(struct memory_pages *pages, const struct memory *memory)
{
	*pages = (struct memory_pages){0};
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t *batch = array_map(BATCH * sizeof(*batch));
	pages->starts = array_map((memory->region_count + 1) * sizeof(*pages->starts));
	if (fd < 0 || !batch || !pages->starts)
		goto out;
	for (size_t i = 0; i < memory->region_count; i++)
		pages->starts[i + 1] = pages->starts[i] + page_count(&memory->regions[i]);
	pages->states = array_map(pages->starts[memory->region_count] / 4 + 1);
	for (size_t i = 0; pages->states && i < memory->region_count; i++) {
		if (read_region(fd, &memory->regions[i], pages->starts[i], pages->states, batch))
			continue;
		array_unmap(pages->states);
		pages->states = NULL;
	}
out:
	array_unmap(batch);
	if (fd >= 0)
		close(fd);
}

void
memory_pages_close(struct memory_pages *pages)
{
	array_unmap(pages->starts);
	array_unmap(pages->states);
	*pages = (struct memory_pages){0};
}

uint64_t
memory_pages_resident(const struct memory_pages *pages, const struct memory *memory,
                      uint64_t address, uint64_t size)
{
	const struct memory_region *region = memory_region_of(memory, address, size);
	if (!region || !pages->states)
		return size;
	uint64_t resident = 0, end = address + size;
	while (address < end) {
		uint64_t next = (address & ~(uint64_t)(PAGE - 1)) + PAGE;
		if (next > end)
			next = end;
		if (state_of(pages, memory, region, address) & PRESENT)
			resident += next - address;
		address = next;
	}
	return resident;
}

bool
memory_pages_are_blank(const struct memory_pages *pages, const struct memory *memory,
                       uint64_t address, uint64_t size)
{
	const struct memory_region *region = memory_region_of(memory, address, size);
	if (!region || !pages->states)
		return false;
	uint64_t end = address + size;
	for (uint64_t at = address & ~(uint64_t)(PAGE - 1); at < end; at += PAGE)
		if (state_of(pages, memory, region, at > address ? at : address))
			return false;
	return true;
}
