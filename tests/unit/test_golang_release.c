/* The gate in front of Go programs: which releases have a layout, and that no other name gets
 * one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golang/release.h"

static void
known_releases_have_the_layout_of_their_time(void **state)
{
	const char *reason;
	assert_false(golang_release_of("go1.19.8", &reason)->has_type_headers);
	assert_int_equal(golang_release_of("go1.19", &reason)->types, 280);
	assert_int_equal(golang_release_of("go1.20.12", &reason)->types, 296);
	assert_int_equal(golang_release_of("go1.21.4", &reason)->span.state, 107);
	assert_false(golang_release_of("go1.23.12", &reason)->is_swiss);
	assert_true(golang_release_of("go1.24rc2", &reason)->is_swiss);
	assert_true(golang_release_of("go1.26.8 X:nodwarf5", &reason)->is_swiss);
}

static void
other_names_are_refused_with_a_reason(void **state)
{
	static const char *const names[] = {
		"", "go", "go1", "go1.", "go1.x", "go1.9", "go1.18.10", "go1.27", "go1.27.1",
		"go1.190", "go1.99999999999999999999", "go2.19", "devel go1.26-3a7bc1",
		"go1.24.1 X:noswissmap", "gO1.19", " go1.19",
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *reason = NULL;
		assert_null(golang_release_of(names[i], &reason));
		assert_non_null(reason);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_releases_have_the_layout_of_their_time),
		cmocka_unit_test(other_names_are_refused_with_a_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
