/*
 * Which mappings of a process are searched, and as what; see memory_maps.h.
 *
 * Private, readable and writable memory is. Shared mappings change under a frozen child's eyes, and
 * reading device memory may have effects. Hidden ranges are cut out by address, because the kernel
 * joins neighbouring mappings whoever made them.
 */
#include "finder/memory_maps.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const size_t text_rooms[] = {64u << 20, 4u << 20};

char *
memory_maps_room(size_t *room)
{
	for (size_t i = 0; i < sizeof(text_rooms) / sizeof(*text_rooms); i++) {
		char *text = array_map(text_rooms[i]);
		*room = text_rooms[i];
		if (text)
			return text;
	}
	return NULL;
}

size_t
memory_maps_read(const char *path, char *text, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
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

struct line {
	uint64_t start, end;
	const char *permissions; /* "rw-p" */
	uint64_t inode;
	const char *path; /* path_size 0: anonymous */
	size_t path_size;
};

static int
digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

static uint64_t
number(const char **at, const char *end, int base)
{
	uint64_t value = 0;
	while (*at < end && digit_of(**at) < base)
		value = value * (unsigned)base + (unsigned)digit_of(*(*at)++);
	return value;
}

static void
skip_past(const char **at, const char *end, char c)
{
	while (*at < end && **at != c)
		++*at;
	while (*at < end && **at == c)
		++*at;
}

/* "start-end perms offset device inode   path" */
static bool
split(const char *at, const char *end, struct line *line)
{
	line->start = number(&at, end, 16);
	skip_past(&at, end, '-');
	line->end = number(&at, end, 16);
	skip_past(&at, end, ' ');
	if (end - at < 5 || line->start >= line->end)
		return false;
	line->permissions = at;
	skip_past(&at, end, ' ');
	skip_past(&at, end, ' ');
	skip_past(&at, end, ' ');
	line->inode = number(&at, end, 10);
	skip_past(&at, end, ' ');
	line->path = at;
	line->path_size = (size_t)(end - at);
	return true;
}

static bool
path_begins(const struct line *line, const char *with)
{
	size_t size = strlen(with);
	return line->path_size >= size && memcmp(line->path, with, size) == 0;
}

static bool
is_searched(const struct line *line)
{
	if (memcmp(line->permissions, "rw", 2) != 0 || line->permissions[3] != 'p')
		return false;
	if (path_begins(line, "/dev/") && !path_begins(line, "/dev/shm/"))
		return false;
	return !path_begins(line, "[v") && !path_begins(line, "anon_inode:");
}

/* The kernel says so behind the path of a file that was deleted or replaced. */
static bool
is_path(const struct line *line, const char *path)
{
	static const char deleted[] = " (deleted)";
	size_t size = strlen(path), rest = line->path_size - size;
	return path_begins(line, path) &&
	       (rest == 0 || (rest == sizeof(deleted) - 1 &&
	                      memcmp(line->path + size, deleted, rest) == 0));
}

/* Private and readable: relocated constants differ from the file's. */
static bool
is_constant(const struct memory_maps *maps, const struct line *line)
{
	return maps->constants_of && line->permissions[0] == 'r' && line->permissions[1] == '-' &&
	       line->permissions[3] == 'p' && is_path(line, maps->constants_of);
}

/* `module_end`: where the file-backed mappings so far end; bss begins exactly there. */
static struct memory_region
describe(const struct memory_maps *maps, const struct line *line, uint64_t module_end)
{
	bool is_file = line->inode != 0;
	struct memory_region region = {
		.start = line->start,
		.end = line->end,
		.kind = MEMORY_HEAP,
		.is_direct = maps->is_frozen && !is_file,
		.module = UINT32_MAX,
	};
	bool has_stack_pointer = maps->stack_pointer >= line->start &&
	                         maps->stack_pointer < line->end;
	if (is_constant(maps, line))
		region.kind = MEMORY_CONSTANT;
	else if (path_begins(line, "[stack") || has_stack_pointer)
		region.kind = MEMORY_STACK;
	else if (is_file && !path_begins(line, "/anon_hugepage"))
		region.kind = MEMORY_GLOBAL;
	else if (line->path_size == 0 && line->start == module_end)
		region.kind = MEMORY_GLOBAL;
	if (has_stack_pointer)
		region.start = maps->stack_pointer;
	return region;
}

static int
append(struct array *regions, const struct memory_region *region)
{
	if (regions->count > 0) {
		struct memory_region *last = (struct memory_region *)regions->at +
		                             regions->count - 1;
		if (last->end == region->start && last->kind == region->kind &&
		    last->is_direct == region->is_direct) {
			last->end = region->end;
			return 0;
		}
	}
	struct memory_region *added = array_add(regions, sizeof(*added), 1);
	if (!added)
		return -1;
	*added = *region;
	return 0;
}

/* The lowest of these ranges that overlaps the region, if lower than *found. */
static void
find_overlap(const struct memory_region *region, const struct memory_range *ranges, size_t count,
             struct memory_range *found)
{
	for (size_t i = 0; i < count; i++)
		if (ranges[i].start < region->end && ranges[i].end > region->start &&
		    ranges[i].start < ranges[i].end && ranges[i].start < found->start)
			*found = ranges[i];
}

/* Appends what is left of the region when the hidden ranges are cut out. */
static int
append_visible(const struct memory_maps *maps, struct array *regions, struct memory_region region)
{
	while (region.start < region.end) {
		struct memory_range cut = {.start = UINT64_MAX, .end = UINT64_MAX};
		find_overlap(&region, maps->hidden, maps->hidden_count, &cut);
		find_overlap(&region, maps->own, maps->own_count, &cut);
		struct memory_region piece = region;
		if (cut.start < region.end)
			piece.end = cut.start;
		if (piece.start < piece.end && append(regions, &piece) != 0)
			return -1;
		region.start = cut.end;
	}
	return 0;
}

int
memory_maps_parse(const struct memory_maps *maps, struct array *regions)
{
	const char *end = maps->text + maps->size;
	uint64_t module_end = 0;
	for (const char *at = maps->text; at < end;) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end;
		struct line line;
		if (split(at, stop, &line)) {
			if ((is_searched(&line) || is_constant(maps, &line)) &&
			    append_visible(maps, regions, describe(maps, &line, module_end)) != 0)
				return -1;
			if (line.inode != 0 && path_begins(&line, "/"))
				module_end = line.end;
		}
		at = stop + 1;
	}
	return 0;
}
