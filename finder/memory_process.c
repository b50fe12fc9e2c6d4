/*
 * Copies another process; see memory_process.h. The whole of it happens while the process stands
 * still, so what can be done before or after is not done here.
 */
#include "finder/memory_process.h"

#include "finder/memory_fetch.h"
#include "finder/memory_maps.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
	PAGE = 4096,
	PIECE = 64 << 20, /* bytes that one call reads at most */
	BATCH = 65536,    /* pages that are asked for at once */
};

#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_SWAPPED (1ull << 62)

/* Nobody has so much memory: it is a reservation, such as a sanitizer's shadow, and even asking
 * which of its pages are there would take seconds. */
static const uint64_t largest_region = (uint64_t)1 << 40;

static void
leave_out_reservations(struct array *regions)
{
	struct memory_region *at = regions->at;
	size_t kept = 0;
	for (size_t i = 0; i < regions->count; i++)
		if (at[i].end - at[i].start <= largest_region)
			at[kept++] = at[i];
	regions->count = kept;
}

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

/* The pages of a region that are there, as the kernel lists them: runs of them are copied at once.
 * An untouched page is zeros. */
static void
copy_touched(struct memory_process *process, const struct memory_fetch *fetch,
             const struct memory_region *region, uint64_t entries[BATCH])
{
	uint64_t from = region->start; /* of the present run */
	for (uint64_t at = region->start; at < region->end;) {
		uint64_t left = (region->end - at) / PAGE, want = left < BATCH ? left : BATCH;
		ssize_t got = pread(process->pages.fd, entries, want * sizeof(*entries),
		                    (off_t)(at / PAGE * sizeof(*entries)));
		if (got < (ssize_t)sizeof(*entries))
			break; /* not told: the rest is copied as it is */
		for (size_t i = 0; i < (size_t)got / sizeof(*entries); i++, at += PAGE) {
			if (entries[i] & (PAGEMAP_PRESENT | PAGEMAP_SWAPPED))
				continue;
			copy_range(process, fetch, from, at);
			from = at + PAGE;
		}
	}
	copy_range(process, fetch, from, region->end);
}

static int
copy_all(struct memory_process *process, pid_t pid)
{
	const struct memory_region *regions = process->copy.regions.at;
	struct memory_fetch fetch;
	if (memory_fetch_open(&fetch, pid, regions[0].start) != 0)
		return -1;
	uint64_t *entries = array_map(BATCH * sizeof(*entries));
	for (size_t i = 0; i < process->copy.regions.count; i++) {
		const struct memory_region *region = &regions[i];
		bool is_file = !region->is_direct; /* an untouched page of a file is not zeros */
		if (is_file || process->pages.fd < 0 || !entries)
			copy_range(process, &fetch, region->start, region->end);
		else
			copy_touched(process, &fetch, region, entries);
	}
	array_unmap(entries);
	memory_fetch_close(&fetch);
	return 0;
}

/* The header comes first in the file, and the program's file is mapped in its own order. */
static uint64_t
find_image(const struct memory_process *process)
{
	const struct memory_region *regions = process->copy.regions.at;
	for (size_t i = 0; i < process->copy.regions.count; i++)
		if (regions[i].kind == MEMORY_CONSTANT)
			return regions[i].start;
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
	leave_out_reservations(&process->copy.regions);
	if (process->copy.regions.count == 0) {
		errno = ESRCH;
		return -1;
	}
	if (memory_copy_open(&process->copy, &process->memory) != 0)
		return -1;
	memory_fetch_name(path, pid, "pagemap");
	memory_pages_open(&process->pages, &process->memory, path);
	process->memory.resident = process_resident;
	process->image = find_image(process);
	return copy_all(process, pid);
}

void
memory_close_process(struct memory_process *process)
{
	memory_pages_close(&process->pages);
	memory_copy_close(&process->copy);
	memset(process, 0, sizeof(*process));
}
