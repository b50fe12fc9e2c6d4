/*
 * The whole search on this very process: a map as libstdc++ lays it out, made with malloc in the
 * test's own heap, is found among everything else that lies in memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "finder/finder.h"
#include "tests/unit/test_finder_shadow.h"
#include "tests/unit/test_instrument.h"

enum { SLOTS = 4096, NODES = 1000, BLOCKS = NODES + 2 };

struct node {
	struct node *next;
	uint64_t key, value;
};

struct map {
	struct node **buckets;
	uint64_t slots;
	struct node *first;
	uint64_t count;
};

static const char text[] =
    "profile self\n"
    "title \"test map\"\n"
    "minimum 1024\n"
    "wake always\n"
    "anchor buckets at header points base\n"
    "field slots u64 at header + 8\n"
    "require slots > 0 && slots < 1M\n"
    "require size(buckets) == 8 * slots\n"
    "field first ptr at header + 16\n"
    "field entries u64 at header + 24\n"
    "walk nodes chain {\n"
    "from first\n"
    "next ptr[node]\n"
    "size 24\n"
    "limit entries\n"
    "}\n"
    "require live(nodes) == entries\n"
    "count entries\n"
    "part buckets in buckets bytes 8 * slots\n"
    "needed 0\n";

static struct map global_map;

struct guest {
	struct profile *profile;
	struct finder_block *blocks;
	struct map *map;
};

static void *
add_block(struct guest *guest, size_t *count, size_t size)
{
	void *at = calloc(1, size);
	assert_non_null(at);
	guest->blocks[*count] = (struct finder_block){.base = (uintptr_t)at, .size = size,
	                                              .stack = (uint32_t)*count};
	++*count;
	return at;
}

static void
make_guest(struct guest *guest, struct map *where)
{
	struct profile_error error;
	size_t count = 0;
	guest->profile = calloc(1, sizeof(*guest->profile));
	guest->blocks = calloc(BLOCKS, sizeof(*guest->blocks));
	assert_non_null(guest->profile);
	assert_non_null(guest->blocks);
	assert_int_equal(profile_compile(guest->profile, text, sizeof(text) - 1, &error, 1), 0);
	void *own = add_block(guest, &count, sizeof(struct map));
	guest->map = where ? where : own;
	guest->map->buckets = add_block(guest, &count, SLOTS * sizeof(void *));
	guest->map->slots = SLOTS;
	for (size_t i = 0; i < NODES; i++) {
		struct node *node = add_block(guest, &count, sizeof(*node));
		node->next = guest->map->first;
		guest->map->first = node;
		guest->map->count++;
	}
}

static void
free_guest(struct guest *guest)
{
	memset(guest->map, 0, sizeof(*guest->map));
	for (size_t i = 0; i < BLOCKS; i++)
		free((void *)(uintptr_t)guest->blocks[i].base);
	free(guest->blocks);
	free(guest->profile);
}

/* Returns 0 where exactly this map is found, else which expectation failed. */
static int
search(struct guest *guest, uint64_t map_address, uint32_t where, bool is_frozen)
{
	struct memory_range shadows[SHADOWS_MAX];
	struct memory memory;
	struct finder_result result;
	const struct profile *profile = guest->profile;
	uint32_t id = 3;
	int failed = 0;
	if (memory_open_self(&memory, shadows, find_shadows(shadows),
	                     (uintptr_t)__builtin_frame_address(0), is_frozen, NULL) != 0)
		return 1;
	struct finder_input input = {.memory = &memory, .blocks = guest->blocks,
	    .block_count = BLOCKS, .profiles = &profile, .profile_ids = &id, .profile_count = 1};
	if (finder_run(&input, &result) != 0)
		return 2;
	const struct trace_map *map = result.maps;
	if (!result.is_complete || result.scanned_bytes != result.scan_bytes)
		failed = 3;
	else if (result.map_count != 1 || map->address != map_address)
		failed = 4;
	else if (map->where != where || map->profile != id)
		failed = 5;
	else if (map->count != NODES || map->overflow_blocks != NODES)
		failed = 6;
	else if (map->bucket_bytes != SLOTS * 8 || map->overflow_bytes != NODES * 24)
		failed = 7;
	else if (map->resident_bytes > SLOTS * 8 + NODES * 24)
		failed = 8;
	else if (result.claim_count != NODES + 1)
		failed = 9;
	finder_release(&result);
	memory_close_self(&memory);
	return failed;
}

static void
a_map_on_the_heap_is_found_in_place(void **state)
{
	struct guest guest;
	make_guest(&guest, NULL);
	assert_int_equal(search(&guest, (uintptr_t)guest.map, TRACE_WHERE_BLOCK, false), 0);
	free_guest(&guest);
}

static void
a_map_in_a_global_is_found_in_place(void **state)
{
	struct guest guest;
	make_guest(&guest, &global_map);
	assert_int_equal(search(&guest, (uintptr_t)&global_map, TRACE_WHERE_GLOBAL, false), 0);
	free_guest(&guest);
}

static void
a_map_on_the_stack_is_found_by_a_frozen_child(void **state)
{
	struct guest guest;
	struct map map = {0};
	int status = 0;
	if (is_under("valgrind")) /* knows of no word on another's stack that it was written */
		skip();
	make_guest(&guest, &map);
	pid_t pid = fork();
	if (pid == 0)
		_exit(search(&guest, (uintptr_t)&map, TRACE_WHERE_STACK, true));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	free_guest(&guest);
}

/* Databases and runtimes reserve far more than they use. */
static void
of_reserved_terabytes_only_touched_pages_are_looked_at(void **state)
{
	enum { PAGE = 4096 };
	static const uint64_t reserved = 1ull << 40, touched = reserved / 2;
	struct memory_range shadows[SHADOWS_MAX];
	struct memory memory;
	if (is_under("valgrind") || is_under("thread")) /* they have no terabyte to give */
		skip();
	char *at = mmap(NULL, reserved, PROT_READ | PROT_WRITE,
	                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_ptr_not_equal(at, MAP_FAILED);
	at[touched] = 1;
	assert_int_equal(memory_open_self(&memory, shadows, find_shadows(shadows),
	                                  (uintptr_t)__builtin_frame_address(0), false, NULL), 0);
	uint64_t start = (uintptr_t)at;
	assert_true(memory_is_blank(&memory, start, touched));
	assert_false(memory_is_blank(&memory, start + touched, 1));
	assert_false(memory_is_blank(&memory, start + touched - PAGE, 2 * PAGE));
	assert_false(memory_is_blank(&memory, start + touched - 3 * PAGE, 16 * PAGE));
	assert_true(memory_is_blank(&memory, start + touched + PAGE, 1 << 20));
	assert_true(memory_resident(&memory, start + touched, PAGE) == PAGE);
	memory_close_self(&memory);
	munmap(at, reserved);
}

/* ---- a table of which little was touched */

enum { CELL = 64, CELLS = 1 << 16, LAST = CELLS - 1, PIECE = 64 * 1024, PAGES = PIECE / 4096 };

/* Used by more than the compiler sees: else it may lay the fields apart. */
static __attribute__((used)) struct {
	char *cells;
	uint64_t slots, entries;
} global_table;

/* %s: how its cells are told, as plain slots and as buckets from which more could hang. */
static const char table_text[] =
    "profile table\n"
    "title \"test table\"\n"
    "minimum 1024\n"
    "wake always\n"
    "anchor cells at header points base\n"
    "field slots u64 at header + 8\n"
    "require slots > 0 && slots < 1M\n"
    "require size(cells) == 64 * slots\n"
    "field entries u64 at header + 16\n"
    "walk main table {\n"
    "at cells\n"
    "count slots\n"
    "stride 64\n"
    "%s\n"
    "}\n"
    "require live(main) == entries\n"
    "count entries\n"
    "part buckets in cells bytes 64 * slots\n"
    "needed 0\n";

static size_t
resident_pages(const char *at, size_t size)
{
	static unsigned char states[CELL * CELLS / 4096];
	size_t resident = 0;
	assert_int_equal(mincore((void *)(uintptr_t)at, size, states), 0);
	for (size_t i = 0; i < size / 4096; i++)
		resident += states[i] & 1;
	return resident;
}

static void
search_table(const char *told)
{
	struct finder_block block = {.base = (uintptr_t)global_table.cells, .size = CELL * CELLS};
	struct memory_range shadows[SHADOWS_MAX];
	struct profile *profile = calloc(1, sizeof(*profile));
	struct profile_error error;
	struct memory memory;
	struct finder_result result;
	uint32_t id = 0;
	char source[sizeof(table_text) + 200];
	size_t length = (size_t)snprintf(source, sizeof(source), table_text, told);
	assert_non_null(profile);
	assert_int_equal(profile_compile(profile, source, length, &error, 1), 0);
	assert_int_equal(memory_open_self(&memory, shadows, find_shadows(shadows),
	                                  (uintptr_t)__builtin_frame_address(0), false, NULL), 0);
	struct finder_input input = {.memory = &memory, .blocks = &block, .block_count = 1,
	    .profiles = (const struct profile *const *)&profile, .profile_ids = &id,
	    .profile_count = 1};
	assert_int_equal(finder_run(&input, &result), 0);
	assert_int_equal(result.map_count, 1);
	assert_int_equal(result.maps[0].count, global_table.entries);
	finder_release(&result);
	memory_close_self(&memory);
	free(profile);
}

/* An array that was made large in advance: all its entries are found, and the look leaves what
 * was never touched as it is. */
static void
slots_that_were_never_touched_stay_so(void **state)
{
	static const char *const told[] = {
		"live u64[bucket] == 1",
		"cells 4\nlive u8[bucket + 8 * cell] == 1\nnext ptr[bucket + 56]\nsize 64",
		"live u64[bucket] == 1 && u8[bucket + 8] == 0", /* asked, so each slot is */
	};
	size_t size = (size_t)CELL * CELLS, touched;
	if (is_under("valgrind")) /* has touched every page */
		skip();
	for (size_t i = 0; i < 3; i++) {
		char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		                -1, 0);
		assert_ptr_not_equal(at, MAP_FAILED);
		madvise(at, size, MADV_NOHUGEPAGE);
		at[0] = at[(size_t)CELL * 1025] = at[(size_t)CELL * (CELLS / 2)] = 1;
		at[(size_t)CELL * LAST] = 1;
		global_table.cells = at;
		global_table.slots = CELLS;
		global_table.entries = 4;
		touched = resident_pages(at, size);
		search_table(told[i]);
		/* of each piece the first page at most, of the four that hold something all */
		size_t allowed = touched + size / PIECE + 4 * PAGES;
		assert_true((resident_pages(at, size) <= allowed) == (i < 2));
		munmap(at, size);
	}
	global_table.cells = NULL;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_map_on_the_heap_is_found_in_place),
		cmocka_unit_test(a_map_in_a_global_is_found_in_place),
		cmocka_unit_test(a_map_on_the_stack_is_found_by_a_frozen_child),
		cmocka_unit_test(of_reserved_terabytes_only_touched_pages_are_looked_at),
		cmocka_unit_test(slots_that_were_never_touched_stay_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
