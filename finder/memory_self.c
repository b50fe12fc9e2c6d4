/*
 * This process as a guest; see memory.h. Opened in the frozen child that takes a snapshot, or in
 * the guest itself where fork is refused.
 *
 * What must never break: no read of ours faults. Only private anonymous memory of a frozen child is
 * read through pointers. A file behind a private mapping may have been cut shorter (SIGBUS), and in
 * a running process another thread may unmap anything: that is read by system calls, page by page
 * through a small cache.
 */
#include "finder/memory.h"

#include "finder/array.h"
#include "finder/memory_fetch.h"
#include "finder/memory_maps.h"
#include "finder/memory_pages.h"

#include <unistd.h>

enum {
	PAGE = 4096,
	CACHE_PAGES = 256,
	BOUNCE_SIZE = 256 * 1024, /* the longest view that crosses pages */
};

struct self {
	struct array regions;
	struct memory_pages pages;
	struct memory_fetch fetch;
	const struct memory_region *last; /* region of the last view */
	uint64_t tags[CACHE_PAGES]; /* page cached in each place; 0: none */
	unsigned char cache[CACHE_PAGES][PAGE];
	unsigned char bounce[BOUNCE_SIZE];
};

static const void *
view_cached(struct self *self, uint64_t address, size_t size)
{
	uint64_t page = address & ~(uint64_t)(PAGE - 1);
	if (address - page + size > PAGE) {
		if (size > BOUNCE_SIZE ||
		    memory_fetch(&self->fetch, address, self->bounce, size) != size)
			return NULL;
		return self->bounce;
	}
	size_t place = page / PAGE % CACHE_PAGES;
	if (self->tags[place] != page) {
		self->tags[place] = 0;
		if (memory_fetch(&self->fetch, page, self->cache[place], PAGE) != PAGE)
			return NULL;
		self->tags[place] = page;
	}
	return self->cache[place] + (address - page);
}

/* A module's data goes on in its bss, which is another region: what lies in both is one view. */
static const void *
view_across(struct memory *memory, uint64_t address, size_t size)
{
	const struct memory_region *region = memory_region_of(memory, address, 1);
	const struct memory_region *behind = memory->regions + memory->region_count;
	for (uint64_t at = address, left = size; region; region++) {
		if (region == behind || region->start > at)
			return NULL;
		if (left <= region->end - at)
			return view_cached(memory->context, address, size);
		left -= region->end - at;
		at = region->end;
	}
	return NULL;
}

static const void *
self_view(struct memory *memory, uint64_t address, size_t size)
{
	struct self *self = memory->context;
	const struct memory_region *region = self->last;
	if (!region || address < region->start || address >= region->end ||
	    size > region->end - address) {
		region = memory_region_of(memory, address, size);
		if (!region)
			return view_across(memory, address, size);
		self->last = region;
	}
	if (region->is_direct)
		return (const void *)(uintptr_t)address;
	return view_cached(self, address, size);
}

static uint64_t
self_resident(struct memory *memory, uint64_t address, uint64_t size)
{
	const struct self *self = memory->context;
	return memory_pages_resident(&self->pages, memory, address, size);
}

static bool
self_is_blank(struct memory *memory, uint64_t address, uint64_t size)
{
	const struct self *self = memory->context;
	const struct memory_region *region = memory_region_of(memory, address, size);
	/* An untouched page of a file's private mapping is the file's bytes, not zeros. What is
	 * read directly is none: a module's bss, and the room of gigabytes that may lie right
	 * behind it. */
	if (!region || (region->kind == MEMORY_GLOBAL && !region->is_direct))
		return false;
	return memory_pages_are_blank(&self->pages, memory, address, size);
}

static struct memory_range
pages_of(const void *at, size_t size)
{
	uint64_t start = (uintptr_t)at, end = start + size;
	return (struct memory_range){
		.start = start & ~(uint64_t)(PAGE - 1),
		.end = (end + PAGE - 1) & ~(uint64_t)(PAGE - 1),
	};
}

/* Fills self->regions. Everything mapped from here on is in no line of the text. */
static int
read_regions(struct self *self, struct memory_maps *maps)
{
	size_t room;
	char *text = memory_maps_room(&room);
	if (!text)
		return -1;
	struct memory_range own[] = {
		pages_of(self, sizeof(*self)),
		pages_of(text, room),
	};
	maps->text = text;
	maps->size = memory_maps_read("/proc/self/maps", text, room);
	maps->own = own;
	maps->own_count = sizeof(own) / sizeof(*own);
	int result = maps->size ? memory_maps_parse(maps, &self->regions) : -1;
	array_unmap(text);
	return result;
}

/* Leaves only what pointers can read, where no system call for reading is allowed. */
static void
keep_direct(struct array *regions)
{
	struct memory_region *at = regions->at;
	size_t kept = 0;
	for (size_t i = 0; i < regions->count; i++)
		if (at[i].is_direct)
			at[kept++] = at[i];
	regions->count = kept;
}

int
memory_open_self(struct memory *memory, const struct memory_range *hidden, size_t hidden_count,
                 uint64_t stack_pointer, bool is_frozen, const char *constants_of)
{
	struct memory_maps maps = {.hidden = hidden, .hidden_count = hidden_count,
	                           .stack_pointer = stack_pointer, .is_frozen = is_frozen,
	                           .constants_of = constants_of};
	*memory = (struct memory){0};
	struct self *self = array_map(sizeof(*self));
	if (!self)
		return -1;
	memory->context = self;
	int way = memory_fetch_open(&self->fetch, getpid(), (uintptr_t)memory);
	if ((way != 0 && !is_frozen) || read_regions(self, &maps) != 0) {
		memory_close_self(memory);
		return -1;
	}
	if (way != 0)
		keep_direct(&self->regions);
	memory->regions = self->regions.at;
	memory->region_count = self->regions.count;
	memory->view = self_view;
	memory->resident = self_resident;
	memory->is_blank = self_is_blank;
	memory_pages_open(&self->pages, memory, "/proc/self/pagemap");
	return 0;
}

void
memory_close_self(struct memory *memory)
{
	struct self *self = memory->context;
	if (self) {
		memory_pages_close(&self->pages);
		array_release(&self->regions);
		memory_fetch_close(&self->fetch);
		array_unmap(self);
	}
	*memory = (struct memory){0};
}
