/*
 * Go-style maps whose blocks come from an arena that malloc never sees one by one: the linker sends
 * the map's calls of the malloc family here (--wrap, see programs.mk). The arena is a block of
 * malloc's or a mapping; it begins with the first sub-block and hands memory out in a row.
 *
 *     arena_gomap heap|mapped
 */
#include "test_programs/gomap.h"
#include "test_programs/truth.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ARENA_BYTES = 16 << 20, ENTRIES = 5000, KEPT = 10 };

void *__real_malloc(size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void __wrap_free(void *block);

static char *arena;
static size_t used;

void *
__wrap_malloc(size_t size)
{
	char *block = arena + used;

	used += (size + 7) / 8 * 8; /* other than malloc's multiples of 16 */
	if (used > ARENA_BYTES)
		abort();
	maptrace_allocate(block, size);
	return block;
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return memset(__wrap_malloc(count * size), 0, count * size);
}

void
__wrap_free(void *block)
{
	maptrace_free(block);
}

static struct gomap_type types[2];
static struct gomap *full, *emptied;

static void
tell(const char *name, const struct gomap *map)
{
	struct gomap_usage usage = gomap_usage(map);
	struct truth truth = {
		.name = name, .where = "block", .address = (uintptr_t)map,
		.count = (uint64_t)map->count, .buckets = UINT64_C(1) << map->B,
		.capacity = gomap_capacity(map), .bucket_bytes = usage.buckets + usage.old,
		.node_bytes = usage.reserved + usage.chained, .value_bytes = usage.indirect,
		.needed_bytes = TRUTH_UNTOLD,
	};

	truth_print(&truth);
}

static void
fill(struct gomap *map)
{
	char value[200] = "";

	for (int64_t key = 0; key < ENTRIES; key++)
		gomap_insert(map, &key, value);
	gomap_collect(map);
}

int
main(int argc, char **argv)
{
	bool is_mapped = argc > 1 && !strcmp(argv[1], "mapped");

	arena = is_mapped ? mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE,
	                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : __real_malloc(ARENA_BYTES);
	types[0] = gomap_type_of(8, 40, 0);
	types[1] = gomap_type_of(8, 200, 0);
	full = gomap_new(&types[0], 1);
	emptied = gomap_new(&types[1], 2);
	maptrace_name(full, "sessions");
	maptrace_name(emptied, "requests");
	fill(full);
	fill(emptied);
	for (int64_t key = KEPT; key < ENTRIES; key++)
		gomap_delete(emptied, &key);
	printf("{\"arena\": %d, \"used\": %zu}\n", is_mapped ? 0 : ARENA_BYTES, used);
	tell("sessions", full);
	tell("requests", emptied);
	truth_end();
	if (is_mapped) {
		maptrace_free_range(arena, ARENA_BYTES);
		munmap(arena, ARENA_BYTES);
	} else {
		__real_free(arena);
	}
	full = emptied = NULL;
	maptrace_mark("gone");
	return 0;
}
