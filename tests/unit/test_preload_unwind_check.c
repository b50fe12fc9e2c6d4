/* The comparison of the checking mode: it sees every difference up to the first frame without a
 * table, that frame included. */
#include "preload/unwind/unwind_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FRAMES = 6 };

static uint64_t ours[FRAMES], theirs[FRAMES];
static struct unwind_list recorded, other;

static int
begin(void **unused)
{
	for (uint64_t i = 0; i < FRAMES; i++)
		ours[i] = theirs[i] = 0x1000 + i;
	recorded = (struct unwind_list){ ours, FRAMES, false };
	other = (struct unwind_list){ theirs, FRAMES, false };
	return 0;
}

static void
finds_equal_lists_equal(void **unused)
{
	assert_true(unwind_check_compare(&recorded, &other, SIZE_MAX) == UNWIND_EQUAL);
}

static void
sees_another_pc_in_any_frame(void **unused)
{
	for (size_t i = 0; i < FRAMES; i++) {
		begin(NULL);
		theirs[i]++;
		assert_int_equal(unwind_check_compare(&recorded, &other, SIZE_MAX), i);
		assert_int_equal(unwind_check_compare(&recorded, &other, i + 1), i);
		assert_true(unwind_check_compare(&recorded, &other, i) == UNWIND_EQUAL);
	}
}

static void
sees_a_frame_too_many_and_one_too_few(void **unused)
{
	other.count = FRAMES - 1;
	assert_int_equal(unwind_check_compare(&recorded, &other, SIZE_MAX), FRAMES - 1);
	begin(NULL);
	recorded.count = FRAMES - 1;
	assert_int_equal(unwind_check_compare(&recorded, &other, SIZE_MAX), FRAMES - 1);
	assert_int_equal(unwind_check_compare(&recorded, &other, FRAMES), FRAMES - 1);
}

static void
allows_an_end_no_earlier_than_the_first_frame_without_a_table(void **unused)
{
	for (size_t count = 0; count < FRAMES; count++) {
		other.count = count;
		assert_true(unwind_check_compare(&recorded, &other, count) == UNWIND_EQUAL);
		assert_int_equal(unwind_check_compare(&recorded, &other, count + 1), count);
	}
}

static void
sees_a_cut_that_only_one_made(void **unused)
{
	recorded.cut = true;
	assert_int_equal(unwind_check_compare(&recorded, &other, SIZE_MAX), FRAMES);
	other.cut = true;
	assert_true(unwind_check_compare(&recorded, &other, SIZE_MAX) == UNWIND_EQUAL);
	recorded.cut = false;
	assert_int_equal(unwind_check_compare(&recorded, &other, SIZE_MAX), FRAMES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(finds_equal_lists_equal, begin),
		cmocka_unit_test_setup(sees_another_pc_in_any_frame, begin),
		cmocka_unit_test_setup(sees_a_frame_too_many_and_one_too_few, begin),
		cmocka_unit_test_setup(
		    allows_an_end_no_earlier_than_the_first_frame_without_a_table, begin),
		cmocka_unit_test_setup(sees_a_cut_that_only_one_made, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
