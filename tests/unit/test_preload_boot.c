/* The boot arena knows its own blocks, keeps their sizes and grows; hidden memory is told by
 * address. */
#include "preload/hidden.h"
#include "preload/hooks/boot.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCKS = 3000 };

static void
keeps_blocks_apart_and_knows_their_sizes(void **unused)
{
	static unsigned char *blocks[BLOCKS];

	srand(3);
	for (int i = 0; i < BLOCKS; i++) {
		size_t size = (size_t)(i * 7 % 900), alignment = (size_t)16 << i % 7;

		blocks[i] = boot_allocate(alignment, size);
		assert_non_null(blocks[i]);
		assert_int_equal((uintptr_t)blocks[i] % alignment, 0);
		memset(blocks[i], i, size);
	}
	for (int i = 0; i < BLOCKS; i++) {
		size_t size = (size_t)(i * 7 % 900);

		assert_true(boot_owns(blocks[i]));
		assert_int_equal(boot_size(blocks[i]), size);
		for (size_t k = 0; k < size; k++)
			assert_int_equal(blocks[i][k], (unsigned char)i);
	}
}

static void
disowns_the_blocks_of_others(void **unused)
{
	void *other = malloc(100);

	assert_non_null(boot_allocate(0, 1));
	assert_false(boot_owns(other));
	assert_false(boot_owns(&other));
	assert_false(boot_owns(NULL));
	free(other);
}

static void
serves_what_is_larger_than_a_region(void **unused)
{
	char *large = boot_allocate(0, 40 << 20);

	assert_non_null(large);
	large[(40 << 20) - 1] = 1;
	assert_true(boot_owns(large + (40 << 20) - 1));
	assert_null(boot_allocate(0, SIZE_MAX - 5));
	assert_int_equal(errno, ENOMEM);
}

static void
gives_zeroed_memory_again_after_a_free(void **unused)
{
	char *first = boot_allocate(0, 64), *second;

	memset(first, 0xff, 64);
	boot_free(first);
	second = boot_allocate(0, 64);
	assert_ptr_equal(first, second);
	for (int i = 0; i < 64; i++)
		assert_int_equal(second[i], 0);
}

static bool
is_hidden(const void *address)
{
	static struct memory_range ranges[64];
	size_t count = hidden_copy(ranges, 64);

	for (size_t i = 0; i < count; i++) {
		assert_true(i == 0 || ranges[i - 1].end < ranges[i].start);
		if ((uintptr_t)address >= ranges[i].start && (uintptr_t)address < ranges[i].end)
			return true;
	}
	return false;
}

static void
hides_what_the_library_maps(void **unused)
{
	char *one = hidden_map(8192), *other = hidden_map(1 << 20);

	assert_true(is_hidden(one) && is_hidden(one + 8191) && is_hidden(other));
	assert_true(is_hidden(boot_allocate(0, 8)));
	assert_false(is_hidden(&one));
	hidden_unmap(one, 8192);
	assert_false(is_hidden(one));
	assert_true(is_hidden(other + (1 << 20) - 1));
	hidden_unmap(other, 1 << 20);
	assert_false(is_hidden(other));
}

static void
joins_and_cuts_hidden_ranges(void **unused)
{
	hidden_add(0x10000, 0x20000);
	hidden_add(0x30000, 0x40000);
	hidden_add(0x20000, 0x30000);
	assert_true(is_hidden((void *)0x10000) && is_hidden((void *)0x25000));
	assert_true(is_hidden((void *)0x3ffff));
	assert_false(is_hidden((void *)0x40000));
	hidden_add(0x8000, 0x50000);
	assert_true(is_hidden((void *)0x8000) && is_hidden((void *)0x4ffff));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_blocks_apart_and_knows_their_sizes),
		cmocka_unit_test(disowns_the_blocks_of_others),
		cmocka_unit_test(serves_what_is_larger_than_a_region),
		cmocka_unit_test(gives_zeroed_memory_again_after_a_free),
		cmocka_unit_test(hides_what_the_library_maps),
		cmocka_unit_test(joins_and_cuts_hidden_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
