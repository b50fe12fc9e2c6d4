/*
 * Which of this process's memory the finder sees, and that nothing it reads can fault: on the text
 * of a maps file, on this process as it runs, and on a frozen child of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "finder/finder.h"
#include "finder/memory_maps.h"
#include "tests/unit/test_finder_shadow.h"

enum { PAGE = 4096 };

static uint64_t global_word = 0x1122334455667788;
static uint64_t bss_word[PAGE];

static const char maps_text[] =
    "00400000-00401000 r-xp 00000000 08:01 77 /usr/bin/program\n"
    "00401000-00403000 rw-p 00001000 08:01 77 /usr/bin/program\n"
    "00403000-00405000 rw-p 00000000 00:00 0 \n"
    "01000000-01010000 rw-p 00000000 00:00 0                  [heap]\n"
    "20000000-20010000 rw-p 00000000 00:00 0 \n"
    "20010000-20020000 rw-s 00000000 00:01 99 /memfd:shared (deleted)\n"
    "20020000-20030000 rw-p 00000000 00:05 5 /dev/zero\n"
    "20030000-20040000 ---p 00000000 00:00 0 \n"
    "20040000-20050000 rw-p 00000000 00:00 0 \n"
    "20050000-20060000 rw-p 00000000 00:00 0 [anon:arena]\n"
    "nonsense\n"
    "30000000-2fffffff rw-p 00000000 00:00 0 \n"
    "7ffc0000-7ffe0000 rw-p 00000000 00:00 0                  [stack]\n"
    "7fff0000-7fff1000 r--p 00000000 00:00 0                  [vvar]\n";

static void
expect_region(const struct array *regions, size_t i, uint64_t start, uint64_t end, uint8_t kind,
              bool is_direct)
{
	const struct memory_region *region = (const struct memory_region *)regions->at + i;
	assert_true(i < regions->count);
	assert_int_equal(region->start, start);
	assert_int_equal(region->end, end);
	assert_int_equal(region->kind, kind);
	assert_int_equal(region->is_direct, is_direct);
}

static void
mappings_are_told_apart_by_their_lines(void **state)
{
	const struct memory_range hidden[] = {
		{0x20048000, 0x20049000}, {0x20044000, 0x20045000}, {0x20054000, 0x90000000},
		{0x1000000, 0x1000000},
	};
	struct memory_maps maps = {
		.text = maps_text, .size = sizeof(maps_text) - 1, .hidden = hidden,
		.hidden_count = 4, .stack_pointer = 0x7ffd0010, .is_frozen = true,
	};
	struct array regions = {0};
	assert_int_equal(memory_maps_parse(&maps, &regions), 0);
	expect_region(&regions, 0, 0x401000, 0x403000, MEMORY_GLOBAL, false);
	expect_region(&regions, 1, 0x403000, 0x405000, MEMORY_GLOBAL, true); /* bss */
	expect_region(&regions, 2, 0x1000000, 0x1010000, MEMORY_HEAP, true);
	expect_region(&regions, 3, 0x20000000, 0x20010000, MEMORY_HEAP, true);
	expect_region(&regions, 4, 0x20040000, 0x20044000, MEMORY_HEAP, true);
	expect_region(&regions, 5, 0x20045000, 0x20048000, MEMORY_HEAP, true);
	expect_region(&regions, 6, 0x20049000, 0x20054000, MEMORY_HEAP, true);
	assert_int_equal(regions.count, 7); /* the stack lies in the last hidden range */
	array_release(&regions);
	maps.hidden_count = 0;
	maps.is_frozen = false;
	assert_int_equal(memory_maps_parse(&maps, &regions), 0);
	expect_region(&regions, 0, 0x401000, 0x405000, MEMORY_GLOBAL, false);
	expect_region(&regions, 3, 0x20040000, 0x20060000, MEMORY_HEAP, false);
	expect_region(&regions, 4, 0x7ffd0010, 0x7ffe0000, MEMORY_STACK, false);
	assert_int_equal(regions.count, 5);
	array_release(&regions);
}

static void
a_cut_maps_text_is_read_as_far_as_it_goes(void **state)
{
	for (size_t size = 0; size < sizeof(maps_text); size++) {
		char *text = malloc(size ? size : 1);
		struct array regions = {0};
		assert_non_null(text);
		memcpy(text, maps_text, size);
		struct memory_maps maps = {.text = text, .size = size};
		assert_int_equal(memory_maps_parse(&maps, &regions), 0);
		assert_true(regions.count <= 6);
		array_release(&regions);
		free(text);
	}
}

static uint64_t
word_at(struct memory *memory, const void *at)
{
	uint64_t word = 0;
	assert_true(memory_read(memory, (uintptr_t)at, &word, sizeof(word)));
	return word;
}

static bool
is_visible(struct memory *memory, const void *at)
{
	unsigned char byte;
	return memory_read(memory, (uintptr_t)at, &byte, 1);
}

static void
this_process_is_seen_as_it_is(void **state)
{
	uint64_t *heap = malloc(64);
	char *hidden =
	    mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *closed = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct memory_range ranges[SHADOWS_MAX + 1];
	size_t count = find_shadows(ranges);
	struct memory memory;
	assert_non_null(heap);
	ranges[count++] =
	    (struct memory_range){(uintptr_t)hidden + PAGE, (uintptr_t)hidden + 2 * PAGE};
	*heap = 42;
	bss_word[0] = 43;
	assert_int_equal(memory_open_self(&memory, ranges, count,
	                                  (uintptr_t)__builtin_frame_address(0), false, NULL), 0);
	assert_int_equal(word_at(&memory, heap), 42);
	assert_int_equal(word_at(&memory, &global_word), global_word);
	assert_int_equal(word_at(&memory, bss_word), 43);
	assert_int_equal(memory_region_of(&memory, (uintptr_t)&global_word, 8)->kind,
	                 MEMORY_GLOBAL);
	assert_true(is_visible(&memory, hidden));
	assert_false(is_visible(&memory, hidden + PAGE));
	assert_true(is_visible(&memory, hidden + 2 * PAGE));
	assert_false(memory.view(&memory, (uintptr_t)hidden + PAGE - 1, 2));
	assert_false(is_visible(&memory, shared));
	assert_false(is_visible(&memory, closed));
	assert_false(is_visible(&memory, NULL));
	assert_false(memory.view(&memory, UINT64_MAX - 3, 8));
	assert_false(memory.view(&memory, (uintptr_t)heap, SIZE_MAX));
	memory_close_self(&memory);
	munmap(hidden, 3 * PAGE);
	munmap(shared, PAGE);
	munmap(closed, PAGE);
	free(heap);
}

static void
memory_that_is_gone_since_is_not_there(void **state)
{
	char *at = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct memory_range shadows[SHADOWS_MAX];
	struct memory memory;
	at[PAGE] = 1;
	assert_int_equal(
	    memory_open_self(&memory, shadows, find_shadows(shadows), 0, false, NULL), 0);
	munmap(at, 4 * PAGE);
	assert_false(is_visible(&memory, at));
	assert_null(memory.view(&memory, (uintptr_t)at + PAGE - 8, 16));
	memory_close_self(&memory);
}

static void
untouched_pages_are_blank_and_not_resident(void **state)
{
	char *at =
	    mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct memory_range shadows[SHADOWS_MAX];
	struct memory memory;
	madvise(at, 64 * PAGE, MADV_NOHUGEPAGE);
	at[3 * PAGE] = 1;
	at[5 * PAGE] = 1;
	assert_int_equal(
	    memory_open_self(&memory, shadows, find_shadows(shadows), 0, false, NULL), 0);
	uint64_t start = (uintptr_t)at;
	assert_true(is_visible(&memory, at)); /* looking makes no difference */
	assert_int_equal(memory_resident(&memory, start, 64 * PAGE), 2 * PAGE);
	assert_int_equal(memory_resident(&memory, start + 3 * PAGE + 96, 2 * PAGE), PAGE);
	assert_true(memory_is_blank(&memory, start, 3 * PAGE));
	assert_false(memory_is_blank(&memory, start, 3 * PAGE + 1));
	assert_true(memory_is_blank(&memory, start + 6 * PAGE, 58 * PAGE));
	memory_close_self(&memory);
	munmap(at, 64 * PAGE);
}

/* Zeros of a module's own, or gigabytes that the kernel put right behind it: neither is the
 * file's. */
static void
untouched_bss_is_blank(void **state)
{
	static char bss[64 * PAGE]; /* too small for a huge page */
	uint64_t start = ((uintptr_t)bss + 31 * PAGE) & ~(uint64_t)(PAGE - 1);
	struct memory_range shadows[SHADOWS_MAX];
	struct memory memory;
	*(volatile char *)(uintptr_t)(start + 3 * PAGE) = 1;
	assert_int_equal(memory_open_self(&memory, shadows, find_shadows(shadows), 0, true, NULL),
	                 0);
	const struct memory_region *region = memory_region_of(&memory, start, 8 * PAGE);
	assert_non_null(region);
	assert_int_equal(region->kind, MEMORY_GLOBAL);
	assert_true(memory_is_blank(&memory, start, 3 * PAGE));
	assert_false(memory_is_blank(&memory, start, 3 * PAGE + 1));
	assert_true(memory_is_blank(&memory, start + 4 * PAGE, 4 * PAGE));
	memory_close_self(&memory);
}

/* A private mapping of a file that was cut shorter: reading it through a pointer is a SIGBUS. */
static void *
map_cut_file(void)
{
	char path[] = "/tmp/test_finder_memory.XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(ftruncate(fd, 2 * PAGE), 0);
	void *at = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	assert_int_equal(ftruncate(fd, 0), 0);
	close(fd);
	return at;
}

/* In the child, with nothing that cmocka must tidy up. Returns the exit code. */
static int
look_at_frozen_memory(const uint64_t *anonymous, const char *cut)
{
	struct memory_range shadows[SHADOWS_MAX];
	struct memory memory;
	if (memory_open_self(&memory, shadows, find_shadows(shadows),
	                     (uintptr_t)__builtin_frame_address(0), true, NULL) != 0)
		return 2;
	const struct memory_region *region = memory_region_of(&memory, (uintptr_t)anonymous, 8);
	if (!region || !region->is_direct)
		return 3;
	uint64_t word;
	if (!memory_read(&memory, (uintptr_t)anonymous, &word, 8) || word != 77)
		return 4;
	region = memory_region_of(&memory, (uintptr_t)cut, 8);
	if (!region || region->is_direct)
		return 5;
	if (memory_read(&memory, (uintptr_t)cut, &word, 8))
		return 6;
	if (!memory_read(&memory, (uintptr_t)&global_word, &word, 8) || word != global_word)
		return 7;
	for (size_t i = 0; i < memory.region_count; i++) {
		const struct memory_region *each = &memory.regions[i];
		if (each->start >= each->end || (i && each->start < each[-1].end))
			return 8;
	}
	memory_close_self(&memory);
	return 0;
}

static void
a_frozen_child_reads_by_pointer_only_what_cannot_fault(void **state)
{
	uint64_t *anonymous = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
	                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *cut = map_cut_file();
	*anonymous = 77;
	pid_t pid = fork();
	if (pid == 0)
		_exit(look_at_frozen_memory(anonymous, cut));
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	munmap(anonymous, PAGE);
	munmap(cut, 2 * PAGE);
}

static void
images_must_not_overlap(void **state)
{
	static const char bytes[64];
	struct memory_image images[] = {{4096, bytes, 64, 0}, {4128, bytes, 64, 0}};
	struct memory memory;
	assert_int_equal(memory_open_images(&memory, images, 2), -1);
	images[1].address = 4096 - 64;
	assert_int_equal(memory_open_images(&memory, images, 2), 0);
	assert_int_equal(memory.regions[0].start, 4096 - 64);
	assert_null(memory.view(&memory, 4090, 8)); /* two images are two pieces */
	assert_non_null(memory.view(&memory, 4096, 64));
	assert_null(memory.view(&memory, 4096, 65));
	assert_int_equal(memory_resident(&memory, 4096, 64), 64);
	memory_close_images(&memory);
}

static void
any_size_is_copied_from_and_to_any_place(void **state)
{
	unsigned char from[40], into[40];
	for (unsigned i = 0; i < sizeof from; i++)
		from[i] = (unsigned char)(i + 1);
	for (size_t size = 0; size <= 32; size++) {
		memset(into, 0, sizeof into);
		memory_copy(into + size % 8, from + 3, size);
		for (size_t i = 0; i < sizeof into; i++) {
			bool is_copied = i >= size % 8 && i < size % 8 + size;
			assert_int_equal(into[i], is_copied ? from[i - size % 8 + 3] : 0);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mappings_are_told_apart_by_their_lines),
		cmocka_unit_test(a_cut_maps_text_is_read_as_far_as_it_goes),
		cmocka_unit_test(this_process_is_seen_as_it_is),
		cmocka_unit_test(memory_that_is_gone_since_is_not_there),
		cmocka_unit_test(untouched_pages_are_blank_and_not_resident),
		cmocka_unit_test(untouched_bss_is_blank),
		cmocka_unit_test(a_frozen_child_reads_by_pointer_only_what_cannot_fault),
		cmocka_unit_test(images_must_not_overlap),
		cmocka_unit_test(any_size_is_copied_from_and_to_any_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
