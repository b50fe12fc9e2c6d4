/* Program headers are found for modules in one piece and for those with holes, of which the loader
 * gives one segment only. */
#include "preload/unwind/object.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct dl_find_object
object_of(const void *address)
{
	struct dl_find_object object;

	assert_int_equal(_dl_find_object((void *)(uintptr_t)address, &object), 0);
	return object;
}

static bool
has_segment_of(const ElfW(Phdr) *headers, size_t count, uint64_t bias, const void *address)
{
	for (size_t i = 0; i < count; i++) {
		if (headers[i].p_type == PT_LOAD &&
		    (uintptr_t)address - bias - headers[i].p_vaddr < headers[i].p_memsz)
			return true;
	}
	return false;
}

/* With the module as it is, and as if it had a hole before its code. */
static void
expect_headers(const void *code)
{
	struct dl_find_object object = object_of(code);
	uint64_t bias = object.dlfo_link_map->l_addr;
	size_t count = 0, same = 0;
	const ElfW(Phdr) *headers = object_headers(&object, &count);

	assert_non_null(headers);
	assert_true(has_segment_of(headers, count, bias, code));
	object.dlfo_map_start = (void *)((uintptr_t)code & ~(uintptr_t)4095);
	assert_ptr_equal(object_headers(&object, &same), headers);
	assert_int_equal(same, count);
}

static void
finds_those_of_the_program(void **unused)
{
	expect_headers((const void *)expect_headers);
}

static void
finds_those_of_a_library(void **unused)
{
	expect_headers((const void *)strtoul);
}

static void
finds_where_the_file_begins(void **unused)
{
	const void *codes[] = { (const void *)expect_headers, (const void *)strtoul };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		struct dl_find_object object = object_of(codes[i]);
		const void *start = object.dlfo_map_start;

		assert_memory_equal(start, ELFMAG, SELFMAG);
		assert_ptr_equal(object_start(&object), start);
		object.dlfo_map_start = (void *)((uintptr_t)codes[i] & ~(uintptr_t)4095);
		assert_ptr_equal(object_start(&object), start);
	}
}

static void
finds_none_where_the_first_byte_is_another_module(void **unused)
{
	struct dl_find_object object = object_of((const void *)strtoul);
	struct link_map stranger = *object.dlfo_link_map;
	size_t count;

	object.dlfo_link_map = &stranger;
	object.dlfo_map_start = (void *)((uintptr_t)strtoul & ~(uintptr_t)4095);
	assert_null(object_headers(&object, &count));
	assert_null(object_start(&object));
}

static void
tells_the_loader_from_libc(void **unused)
{
	uint64_t start, size;

	object_find_loader(&start, &size);
	assert_true((uintptr_t)_r_debug.r_brk - start < size);
	assert_false((uintptr_t)strtoul - start < size);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_those_of_the_program),
		cmocka_unit_test(finds_those_of_a_library),
		cmocka_unit_test(finds_where_the_file_begins),
		cmocka_unit_test(finds_none_where_the_first_byte_is_another_module),
		cmocka_unit_test(tells_the_loader_from_libc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
