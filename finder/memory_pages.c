/*
 * A page's state as two bits, four pages a byte; see memory_pages.h. A process may reserve
 * terabytes that it never touches: only states other than 0 are written, so the table costs memory
 * for touched pages only.
 *
 * Time must not hang on what is reserved either. Newer kernels name the touched ranges
 * (PAGEMAP_SCAN); older ones tell of every page, so there a region of LISTED_MAX pages and more is
 * not listed: the search asks for each piece as it comes to it, and stops when its time is up.
 */
#include "finder/memory_pages.h"

#include "finder/array.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	PAGE_BITS = 12,
	PAGE = 1 << PAGE_BITS,
	PRESENT = 1,
	SWAPPED = 2,
	BATCH = 8192,
	PIECE = 64,            /* pages asked for at once where nothing is listed */
	LISTED_MAX = 1 << 22,  /* 16 GiB */
};

#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_SWAPPED (1ull << 62)

/* Of the kernel's <linux/fs.h> since 6.7; older headers have none of it. */
#define SCAN_PRESENT (1ull << 3)
#define SCAN_SWAPPED (1ull << 4)
struct scan_range {
	uint64_t start, end, categories;
};
struct scan_argument {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define SCAN_IOCTL _IOWR('f', 16, struct scan_argument)

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

/* ---- listing, at the opening */

static void
add_state(uint8_t *states, uint64_t page, unsigned state)
{
	if (state)
		states[page / 4] |= (uint8_t)(state << (page % 4 * 2));
}

static unsigned
state_of_entry(uint64_t entry)
{
	return (entry & PAGEMAP_PRESENT ? PRESENT : 0u) | (entry & PAGEMAP_SWAPPED ? SWAPPED : 0u);
}

static void
add_range(uint8_t *states, const struct scan_range *range, uint64_t shift)
{
	unsigned state = (range->categories & SCAN_PRESENT ? PRESENT : 0u) |
	                 (range->categories & SCAN_SWAPPED ? SWAPPED : 0u);
	for (uint64_t page = range->start >> PAGE_BITS; page < range->end >> PAGE_BITS; page++)
		add_state(states, page + shift, state);
}

/* By ranges. False: this kernel does not know how. */
static bool
scan_region(int fd, const struct memory_region *region, uint64_t start, uint8_t *states,
            void *batch)
{
	struct scan_range *ranges = batch;
	struct scan_argument argument = {
		.size = sizeof(argument),
		.start = first_page(region) << PAGE_BITS,
		.end = (first_page(region) + page_count(region)) << PAGE_BITS,
		.vec = (uintptr_t)ranges,
		.vec_len = BATCH * sizeof(uint64_t) / sizeof(*ranges),
		.category_anyof_mask = SCAN_PRESENT | SCAN_SWAPPED,
		.return_mask = SCAN_PRESENT | SCAN_SWAPPED,
	};
	while (argument.start < argument.end) {
		int count = ioctl(fd, SCAN_IOCTL, &argument);
		if (count < 0 || argument.walk_end <= argument.start)
			return false;
		for (int i = 0; i < count; i++)
			add_range(states, &ranges[i], start - first_page(region));
		argument.start = argument.walk_end;
	}
	return true;
}

/* Page by page. */
static bool
read_region(int fd, const struct memory_region *region, uint64_t start, uint8_t *states,
            uint64_t *batch)
{
	uint64_t count = page_count(region);
	if (count >= LISTED_MAX)
		return false;
	for (uint64_t done = 0; done < count;) {
		uint64_t want = count - done < BATCH ? count - done : BATCH;
		ssize_t got = pread(fd, batch, want * sizeof(*batch),
		                    (off_t)((first_page(region) + done) * sizeof(*batch)));
		if (got < (ssize_t)sizeof(*batch))
			return false;
		for (size_t i = 0; i < (size_t)got / sizeof(*batch); i++)
			add_state(states, start + done + i, state_of_entry(batch[i]));
		done += (uint64_t)got / sizeof(*batch);
	}
	return true;
}

static void
list_regions(struct memory_pages *pages, const struct memory *memory, uint64_t *batch)
{
	bool knows_ranges = true;
	for (size_t i = 0; i < memory->region_count; i++) {
		const struct memory_region *region = &memory->regions[i];
		if (knows_ranges)
			pages->is_listed[i] = knows_ranges = scan_region(pages->fd, region,
			    pages->starts[i], pages->states, batch);
		if (!knows_ranges)
			pages->is_listed[i] = read_region(pages->fd, region, pages->starts[i],
			                                  pages->states, batch);
	}
}

void
memory_pages_open(struct memory_pages *pages, const struct memory *memory, const char *path)
{
	size_t count = memory->region_count;
	*pages = (struct memory_pages){.fd = open(path, O_RDONLY | O_CLOEXEC)};
	uint64_t *batch = array_map(BATCH * sizeof(*batch));
	pages->starts = array_map((count + 1) * sizeof(*pages->starts));
	pages->is_listed = array_map(count * sizeof(*pages->is_listed));
	if (pages->fd < 0 || !batch || !pages->starts || !pages->is_listed)
		goto out;
	for (size_t i = 0; i < count; i++)
		pages->starts[i + 1] = pages->starts[i] + page_count(&memory->regions[i]);
	pages->states = array_map(pages->starts[count] / 4 + 1);
	if (pages->states)
		list_regions(pages, memory, batch);
out:
	array_unmap(batch);
}

void
memory_pages_close(struct memory_pages *pages)
{
	array_unmap(pages->starts);
	array_unmap(pages->states);
	array_unmap(pages->is_listed);
	if (pages->fd >= 0)
		close(pages->fd);
	*pages = (struct memory_pages){.fd = -1};
}

/* ---- asking */

static bool
is_listed(const struct memory_pages *pages, const struct memory *memory,
          const struct memory_region *region)
{
	return pages->states && pages->is_listed[region - memory->regions];
}

static unsigned
state_of(const struct memory_pages *pages, const struct memory *memory,
         const struct memory_region *region, uint64_t address)
{
	uint64_t page = pages->starts[region - memory->regions] +
	                (address >> PAGE_BITS) - first_page(region);
	return pages->states[page / 4] >> (page % 4 * 2) & 3;
}

uint64_t
memory_pages_resident(const struct memory_pages *pages, const struct memory *memory,
                      uint64_t address, uint64_t size)
{
	const struct memory_region *region = memory_region_of(memory, address, size);
	if (!region || !is_listed(pages, memory, region))
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

/* Asks the kernel now. Of no use for what is resident: the search has looked at these pages. */
static bool
are_blank_now(const struct memory_pages *pages, uint64_t address, uint64_t size)
{
	uint64_t entries[PIECE], page = address >> PAGE_BITS;
	uint64_t left = ((address + size + PAGE - 1) >> PAGE_BITS) - page;
	while (left > 0) {
		uint64_t want = left < PIECE ? left : PIECE;
		if (pages->fd < 0 || pread(pages->fd, entries, want * sizeof(*entries),
		                           (off_t)(page * sizeof(*entries))) !=
		                         (ssize_t)(want * sizeof(*entries)))
			return false;
		for (uint64_t i = 0; i < want; i++)
			if (state_of_entry(entries[i]))
				return false;
		page += want;
		left -= want;
	}
	return true;
}

bool
memory_pages_are_blank(const struct memory_pages *pages, const struct memory *memory,
                       uint64_t address, uint64_t size)
{
	const struct memory_region *region = memory_region_of(memory, address, size);
	if (!region)
		return false;
	if (!is_listed(pages, memory, region))
		return are_blank_now(pages, address, size);
	uint64_t page = pages->starts[region - memory->regions] +
	                (address >> PAGE_BITS) - first_page(region);
	uint64_t end = page + ((address + size + PAGE - 1) >> PAGE_BITS) - (address >> PAGE_BITS);
	while (page < end) {
		bool is_byte = page % 4 == 0 && end - page >= 4; /* terabytes go by like this */
		if (pages->states[page / 4] >> (page % 4 * 2) & (is_byte ? 0xff : 3))
			return false;
		page += is_byte ? 4 : 1;
	}
	return true;
}
