/* Unwind tables give the rule that they describe, and nothing is read past their end whatever is in
 * them. Tables are made here, by hand, each in a block of just its size, which ASan watches. */
#include "preload/unwind/cfi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FUNCTION_AT = 0x1000, FUNCTION_SIZE = 64, IMAGE_MAX = 256 };
enum { RBP = 6, RSP = 7, R10 = 10, RA = 16 };

/* .eh_frame_hdr, one CIE, one FDE for a function FUNCTION_AT bytes from the start of all this. */
struct image {
	uint8_t bytes[IMAGE_MAX];
	size_t size;
};

static void
put(struct image *image, const void *bytes, size_t size)
{
	assert_true(image->size + size <= IMAGE_MAX);
	memcpy(image->bytes + image->size, bytes, size);
	image->size += size;
}

static void
put32(struct image *image, size_t at, size_t value)
{
	uint32_t number = (uint32_t)value;

	memcpy(image->bytes + at, &number, sizeof(number));
}

static size_t
put_record(struct image *image)
{
	size_t start = image->size;

	image->size += 4;
	return start;
}

static void
end_record(struct image *image, size_t start)
{
	put32(image, start, image->size - start - 4);
}

static struct image
make(const char *augmentation, const uint8_t *program, size_t size)
{
	static const uint8_t head[] = { 1, 0x1b, 3, 0x3b }, units[] = { 1, 0x78, RA, 1, 0x1b };
	static const uint8_t initial[] = { 0x0c, RSP, 8, 0x80 | RA, 1 };
	struct image image = { .size = 0 };
	size_t common, description;

	put(&image, head, sizeof(head));
	image.size += 16; /* pointer to .eh_frame, count, row */
	put32(&image, 8, 1);
	common = put_record(&image);
	put(&image, "\0\0\0\0\1", 5);
	put(&image, augmentation, strlen(augmentation) + 1);
	put(&image, units, sizeof(units));
	put(&image, initial, sizeof(initial));
	end_record(&image, common);
	put32(&image, 12, FUNCTION_AT);
	put32(&image, 16, image.size);
	description = put_record(&image);
	put32(&image, image.size, image.size - common);
	put32(&image, image.size + 4, FUNCTION_AT - (image.size + 4));
	put32(&image, image.size + 8, FUNCTION_SIZE);
	image.size += 13; /* and an empty augmentation */
	put(&image, program, size);
	end_record(&image, description);
	return image;
}

/* The rule `offset` bytes into the function, from a copy of the first `size` bytes. */
static struct rule
rule_of(const struct image *image, size_t size, uint64_t offset)
{
	uint8_t *copy = malloc(size);
	struct cfi_tables tables = { copy, copy + size, copy };
	struct rule rule;

	assert_non_null(copy);
	memcpy(copy, image->bytes, size);
	rule = cfi_rule(&tables, (uintptr_t)copy + FUNCTION_AT + offset);
	free(copy);
	return rule;
}

static void
expect(const struct image *image, uint64_t offset, struct rule wanted)
{
	struct rule rule = rule_of(image, image->size, offset);

	assert_int_equal(rule.kind, wanted.kind);
	assert_int_equal(rule.flags, wanted.flags);
	assert_int_equal(rule.cfa_words, wanted.cfa_words);
	assert_int_equal(rule.rbp_words, wanted.rbp_words);
}

/* push rbp (1 byte); mov rbp, rsp (3); ...; leave, remembered around (1); ret */
static const uint8_t with_frame_pointer[] = {
	0x41, 0x0e, 16, 0x80 | RBP, 2, 0x43, 0x0d, RBP, 0x02, 20, 0x0a, 0xc0 | RBP, 0x0c, RSP, 8,
	0x03, 1, 0, 0x0b,
};

static void
follows_a_function_from_its_first_byte_to_its_last(void **unused)
{
	struct image image = make("zR", with_frame_pointer, sizeof(with_frame_pointer));
	struct rule entry = { .kind = RULE_RSP, .cfa_words = 1 };
	struct rule pushed = {
		.kind = RULE_RSP, .cfa_words = 2, .rbp_words = -2, .flags = RULE_SAVES_RBP
	};
	struct rule body = {
		.kind = RULE_RBP, .cfa_words = 2, .rbp_words = -2, .flags = RULE_SAVES_RBP
	};

	expect(&image, 0, entry);
	expect(&image, 1, pushed);
	expect(&image, 3, pushed);
	expect(&image, 4, body);
	expect(&image, 23, body);
	expect(&image, 24, entry);
	expect(&image, 25, body);
	expect(&image, FUNCTION_SIZE - 1, body);
}

static void
knows_nothing_outside_functions(void **unused)
{
	struct image image = make("zR", with_frame_pointer, sizeof(with_frame_pointer));

	expect(&image, FUNCTION_SIZE, (struct rule){ .kind = RULE_UNKNOWN });
	expect(&image, UINT64_MAX, (struct rule){ .kind = RULE_UNKNOWN });
}

static void
follows_realigned_frames_and_the_outermost(void **unused)
{
	static const uint8_t realigned[] = { 0x10, RBP, 2, 0x76, 0, 0x0f, 3, 0x76, 0x78, 0x06 };
	static const uint8_t outermost[] = { 0x07, RA };
	struct image image = make("zR", realigned, sizeof(realigned));

	expect(&image, 0, (struct rule){ .kind = RULE_REALIGNED, .cfa_words = -1,
	                                 .flags = RULE_SAVES_RBP });
	image = make("zR", outermost, sizeof(outermost));
	expect(&image, 0, (struct rule){ .kind = RULE_OUTERMOST });
}

static void
leaves_what_it_does_not_follow_to_libunwind(void **unused)
{
	static const uint8_t by_r10[] = { 0x0d, R10 };
	static const uint8_t rbp_undefined[] = { 0x07, RBP }, ra_elsewhere[] = { 0x80 | RA, 2 };
	static const uint8_t plt[] = { 0x0f, 4, 0x77, 8, 0x80, 0 }, underflow[] = { 0x0b };
	static const uint8_t odd_rbp[] = { 0x16, RBP, 1 }, no_such[] = { 0x3f };
	static const uint8_t far[] = { 0x0e, 0xff, 0xff, 0xff, 0xff, 0x7f };
	static const struct { const uint8_t *program; size_t size; } programs[] = {
		{ by_r10, 2 }, { rbp_undefined, 2 }, { ra_elsewhere, 2 },
		{ plt, 6 }, { underflow, 1 }, { odd_rbp, 3 }, { no_such, 1 }, { far, 6 },
	};
	struct image image;

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		image = make("zR", programs[i].program, programs[i].size);
		expect(&image, 0, (struct rule){ .kind = RULE_UNKNOWN });
	}
	image = make("zRS", with_frame_pointer, sizeof(with_frame_pointer)); /* a signal's frame */
	expect(&image, 0, (struct rule){ .kind = RULE_UNKNOWN });
	image = make("", with_frame_pointer, sizeof(with_frame_pointer));
	expect(&image, 0, (struct rule){ .kind = RULE_UNKNOWN });
}

/* What libunwind does not follow either must be told. */
static void
says_where_rbp_is_lost(void **unused)
{
	static const uint8_t rbp_in_register[] = { 0x09, RBP, 3 };
	struct image image = make("zR", rbp_in_register, sizeof(rbp_in_register));

	expect(&image, 0, (struct rule){ .kind = RULE_UNKNOWN, .flags = RULE_LOSES_RBP });
}

static void
knows_nothing_from_tables_that_end_early(void **unused)
{
	struct image image = make("zR", with_frame_pointer, sizeof(with_frame_pointer));

	for (size_t size = 1; size < image.size; size++)
		assert_int_equal(rule_of(&image, size, 4).kind, RULE_UNKNOWN);
}

static void
stays_within_tables_that_lie(void **unused)
{
	static const uint8_t values[] = { 0, 1, 0x0f, 0x10, 0x7f, 0x80, 0xf0, 0xfe, 0xff };
	struct image image = make("zPLR", with_frame_pointer, sizeof(with_frame_pointer));
	size_t unknown = 0;

	for (size_t i = 0; i < image.size; i++) {
		for (size_t k = 0; k < 81; k++) { /* two neighbours at once */
			struct image bad = image;

			bad.bytes[i] = values[k % 9];
			bad.bytes[(i + 1) % image.size] = values[k / 9];
			unknown += rule_of(&bad, bad.size, 30).kind == RULE_UNKNOWN;
		}
	}
	assert_true(unknown > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_a_function_from_its_first_byte_to_its_last),
		cmocka_unit_test(knows_nothing_outside_functions),
		cmocka_unit_test(follows_realigned_frames_and_the_outermost),
		cmocka_unit_test(leaves_what_it_does_not_follow_to_libunwind),
		cmocka_unit_test(says_where_rbp_is_lost),
		cmocka_unit_test(knows_nothing_from_tables_that_end_early),
		cmocka_unit_test(stays_within_tables_that_lie),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
