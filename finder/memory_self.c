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
#include "finder/memory_maps.h"
#include "finder/memory_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	PAGE = 4096,
	CACHE_PAGES = 256,
	BOUNCE_SIZE = 256 * 1024, /* the longest view that crosses pages */
};

/* Room for the text of maps is reserved at once: growing it would move it between two reads, and a
 * line would speak of a mapping that is gone. */
static const size_t text_rooms[] = {64u << 20, 4u << 20};

struct self {
	struct array regions;
	struct memory_pages pages;
	int fd;           /* /proc/self/mem, or -1: process_vm_readv works */
	const struct memory_region *last; /* region of the last view */
	uint64_t tags[CACHE_PAGES]; /* page cached in each place; 0: none */
	unsigned char cache[CACHE_PAGES][PAGE];
	unsigned char bounce[BOUNCE_SIZE];
};

static bool
fetch(const struct self *self, uint64_t address, void *into, size_t size)
{
	if (self->fd >= 0)
		return pread(self->fd, into, size, (off_t)address) == (ssize_t)size;
	struct iovec local = {.iov_base = into, .iov_len = size};
	struct iovec remote = {.iov_base = (void *)(uintptr_t)address, .iov_len = size};
	return syscall(SYS_process_vm_readv, getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size;
}

/* Chooses the way to read that works here: seccomp filters refuse the one or the other. */
static int
choose_way(struct self *self)
{
	uint64_t probe = 42, seen = 0;
	self->fd = -1;
	if (fetch(self, (uintptr_t)&probe, &seen, sizeof(seen)) && seen == probe)
		return 0;
	self->fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	if (self->fd >= 0 && fetch(self, (uintptr_t)&probe, &seen, sizeof(seen)) && seen == probe)
		return 0;
	return -1;
}

static const void *
view_cached(struct self *self, uint64_t address, size_t size)
{
	uint64_t page = address & ~(uint64_t)(PAGE - 1);
	if (address - page + size > PAGE) {
		if (size > BOUNCE_SIZE || !fetch(self, address, self->bounce, size))
			return NULL;
		return self->bounce;
	}
	size_t place = page / PAGE % CACHE_PAGES;
	if (self->tags[place] != page) {
		self->tags[place] = 0;
		if (!fetch(self, page, self->cache[place], PAGE))
			return NULL;
		self->tags[place] = page;
	}
	return self->cache[place] + (address - page);
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
			return NULL;
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
	/* An untouched page of a file's private mapping is the file's bytes, not zeros. What is read
	 * directly is none: a module's bss, and the room of gigabytes that may lie right behind it. */
	if (!region || (region->kind == MEMORY_GLOBAL && !region->is_direct))
		return false;
	return memory_pages_are_blank(&self->pages, memory, address, size);
}

static char *
map_text(size_t *room)
{
	for (size_t i = 0; i < sizeof(text_rooms) / sizeof(*text_rooms); i++) {
		char *text = array_map(text_rooms[i]);
		*room = text_rooms[i];
		if (text)
			return text;
	}
	return NULL;
}

/* The text of /proc/self/maps, as far as there is room; 0 with errno: none. */
static size_t
read_maps(char *text, size_t room)
{
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	size_t size = 0;
	while (size < room) {
		ssize_t got = read(fd, text + size, room - size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		size += (size_t)got;
	}
	close(fd);
	return size;
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
	char *text = map_text(&room);
	if (!text)
		return -1;
	struct memory_range own[] = {
		pages_of(self, sizeof(*self)),
		pages_of(text, room),
	};
	maps->text = text;
	maps->size = read_maps(text, room);
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
                 uint64_t stack_pointer, bool is_frozen)
{
	struct memory_maps maps = {.hidden = hidden, .hidden_count = hidden_count,
	                           .stack_pointer = stack_pointer, .is_frozen = is_frozen};
	*memory = (struct memory){0};
	struct self *self = array_map(sizeof(*self));
	if (!self)
		return -1;
	memory->context = self;
	int way = choose_way(self);
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
	memory_pages_open(&self->pages, memory);
	return 0;
}

void
memory_close_self(struct memory *memory)
{
	struct self *self = memory->context;
	if (self) {
		memory_pages_close(&self->pages);
		array_release(&self->regions);
		if (self->fd >= 0)
			close(self->fd);
		array_unmap(self);
	}
	*memory = (struct memory){0};
}
