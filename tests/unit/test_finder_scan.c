/*
 * A guest that reserves far more than it uses: what it has touched is searched wherever it lies,
 * what it has not goes by in large pieces.
 */
#include "tests/unit/test_finder_guest.h"

#include <sys/mman.h>

#define RESERVED (UINT64_C(8) << 30)
#define RESERVE_AT UINT64_C(0x7e0000000000)

enum { PAGE = 4096, CHUNK = 64 * 1024, TOUCHED = 5, QUESTIONS_MAX = 1000 }; /* of 131,072 chunks */

static const char sized_profile[] =
    "profile sized\nwake always\nanchor array at header points base size size == 144\n"
    "count 5\npart buckets in array bytes 144\nneeded 0\n";

/* Page offsets: where runs begin, at a chunk's edges, in the last page. */
static const uint64_t touched[TOUCHED] = {
	0, 17 * CHUNK - PAGE, (UINT64_C(1) << 30) + CHUNK, (UINT64_C(5) << 30) + 3 * PAGE,
	RESERVED - PAGE,
};
static unsigned questions;

/* As the kernel would tell. */
static bool
is_blank(struct memory *memory, uint64_t address, uint64_t size)
{
	questions++;
	for (size_t i = 0; i < TOUCHED; i++)
		if (RESERVE_AT + touched[i] < address + size &&
		    address < RESERVE_AT + touched[i] + PAGE)
			return false;
	return address >= RESERVE_AT && address + size <= RESERVE_AT + RESERVED;
}

static void
searches_what_was_touched_of_a_large_reserve(void **state)
{
	struct guest guest;
	struct memory memory;
	guest_open(&guest);
	guest_profile(&guest, sized_profile);
	unsigned char *reserve = mmap(NULL, RESERVED, PROT_READ | PROT_WRITE,
	                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(reserve != MAP_FAILED);
	for (size_t i = 0; i < TOUCHED; i++) {
		uint64_t array = guest_block(&guest, 144);
		memcpy(reserve + touched[i] + PAGE - sizeof(array), &array, sizeof(array));
	}
	const struct memory_image images[] = {
		{GUEST_HEAP, guest.heap, GUEST_HEAP_SIZE, MEMORY_HEAP},
		{RESERVE_AT, reserve, RESERVED, MEMORY_GLOBAL},
	};
	assert_int_equal(memory_open_images(&memory, images, 2), 0);
	memory.is_blank = is_blank;
	guest.input = (struct finder_input){
		.memory = &memory, .blocks = guest.blocks, .block_count = guest.block_count,
		.profiles = (const struct profile *const *)guest.profiles,
		.profile_ids = guest.ids, .profile_count = guest.profile_count,
	};
	questions = 0;
	assert_int_equal(finder_run(&guest.input, &guest.result), 0);
	assert_true(guest.result.is_complete);
	assert_int_equal(guest.result.scanned_bytes, guest.result.scan_bytes);
	assert_int_equal(guest.result.scan_bytes, GUEST_HEAP_SIZE + RESERVED);
	assert_in_range(questions, TOUCHED, QUESTIONS_MAX);
	assert_int_equal(guest.result.map_count, TOUCHED);
	memory_close_images(&memory);
	munmap(reserve, RESERVED);
	guest_close(&guest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(searches_what_was_touched_of_a_large_reserve),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
