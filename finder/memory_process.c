/*
 * Copies another process; see memory_process.h. The whole of it happens while the process stands
 * still, so what can be done before or after is not done here.
 */
#include "finder/memory_process.h"

#include "finder/memory_fetch.h"
#include "finder/memory_maps.h"

#include <errno.h>
#include <string.h>

enum {
	PAGE = 4096,
	PIECE = 64 << 20, /* bytes that one call reads at most */
};

static uint64_t
process_resident(struct memory *memory, uint64_t address, uint64_t size)
{
	struct memory_copy *copy = memory->context;
	struct memory_process *process = (struct memory_process *)(void *)
	    ((char *)copy - offsetof(struct memory_process, copy));
	return memory_pages_resident(&process->pages, memory, address, size);
}

static int
read_regions(struct memory_process *process, pid_t pid, const char *program)
{
	char path[MEMORY_FETCH_NAME];
	size_t room;
	struct memory_maps maps = {.is_frozen = true, .constants_of = program};
	char *text = memory_maps_room(&room);
	if (!text)
		return -1;
	memory_fetch_name(path, pid, "maps");
	errno = 0;
	maps.text = text;
	maps.size = memory_maps_read(path, text, room);
	int result = maps.size ? memory_maps_parse(&maps, &process->copy.regions) : -1;
	if (maps.size == 0 && errno == 0)
		errno = ESRCH; /* a process that has given up its memory has an empty list */
	array_unmap(text);
	return result;
}

static void
copy_range(struct memory_process *process, const struct memory_fetch *fetch, uint64_t start,
           uint64_t end)
{
	unsigned char *into = memory_copy_at(&process->copy, start, end - start);
	while (start < end) {
		uint64_t want = end - start < PIECE ? end - start : PIECE;
		size_t got = memory_fetch(fetch, start, into, want);
		process->copied_bytes += got;
		if (got == 0) { /* beyond the end of a file, or a page that failed */
			got = PAGE - start % PAGE < want ? PAGE - start % PAGE : want;
			process->unread_bytes += got;
		}
		start += got;
		into += got;
	}
}

/* An untouched page is zeros, but for one of a file's mapping: those are read. */
static bool
is_skipped(const struct memory_process *process, const struct memory_region *region,
           uint64_t page)
{
	return region->is_direct && memory_pages_are_blank(&process->pages, &process->memory, page,
	                                                   PAGE);
}

static void
copy_region(struct memory_process *process, const struct memory_fetch *fetch,
            const struct memory_region *region)
{
	uint64_t from = region->start;
	for (uint64_t page = region->start; page < region->end; page += PAGE) {
		if (!is_skipped(process, region, page))
			continue;
		copy_range(process, fetch, from, page);
		from = page + PAGE;
	}
	if (from < region->end)
		copy_range(process, fetch, from, region->end);
}

static int
copy_all(struct memory_process *process, pid_t pid)
{
	const struct memory_region *regions = process->copy.regions.at;
	struct memory_fetch fetch;
	if (memory_fetch_open(&fetch, pid, regions[0].start) != 0)
		return -1;
	for (size_t i = 0; i < process->copy.regions.count; i++)
		copy_region(process, &fetch, &regions[i]);
	memory_fetch_close(&fetch);
	return 0;
}

int
memory_open_process(struct memory_process *process, pid_t pid, const char *program)
{
	char path[MEMORY_FETCH_NAME];
	memset(process, 0, sizeof(*process));
	process->pages.fd = -1;
	if (read_regions(process, pid, program) != 0)
		return -1;
	if (process->copy.regions.count == 0) {
		errno = ESRCH;
		return -1;
	}
	if (memory_copy_open(&process->copy, &process->memory) != 0)
		return -1;
	memory_fetch_name(path, pid, "pagemap");
	memory_pages_open(&process->pages, &process->memory, path);
	process->memory.resident = process_resident;
	return copy_all(process, pid);
}

void
memory_close_process(struct memory_process *process)
{
	memory_pages_close(&process->pages);
	memory_copy_close(&process->copy);
	memset(process, 0, sizeof(*process));
}
