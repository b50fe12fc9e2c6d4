/* Packed rows: what goes in comes out, in as few bytes as promised, and nothing else is a row. */
#include "trace/rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WORDS = sizeof(struct trace_claim) / sizeof(uint64_t), WIDTHS = WORDS / 2, UNKNOWN = 15 };

static const uint64_t edges[] = { 0, 1, 0xff, 0x100, 0xffffff, 0x1000000, 0xffffffffffff,
	UINT64_C(1) << 56, UINT64_C(1) << 63, UINT64_MAX - 1, TRACE_UNKNOWN };

enum { EDGES = sizeof(edges) / sizeof(*edges) };

static size_t
packed_bytes(uint64_t word)
{
	size_t width = 0;

	for (; word && word != TRACE_UNKNOWN; word >>= 8)
		width++;
	return width;
}

/* Each pair of neighbours; the copies are as large as the bytes, so that ASan sees one too many. */
static void
unpacks_to_what_was_packed(void **state)
{
	for (size_t i = 0; i < EDGES * EDGES; i++) {
		const uint64_t row[WORDS] = { edges[i / EDGES], edges[i % EDGES],
			edges[(i + 3) % EDGES], edges[i / EDGES] };
		uint8_t packed[WIDTHS + sizeof(row)], *exact;
		uint64_t again[WORDS];
		size_t size = trace_row_pack(TRACE_CHUNK_CLAIMS, row, packed), wanted = WIDTHS;

		for (size_t k = 0; k < WORDS; k++)
			wanted += packed_bytes(row[k]);
		assert_int_equal(size, wanted);
		exact = malloc(size);
		memcpy(exact, packed, size);
		assert_int_equal(trace_row_unpack(TRACE_CHUNK_CLAIMS, exact, size, again), size);
		assert_memory_equal(row, again, sizeof(row));
		free(exact);
	}
}

static void
what_is_cut_is_no_row(void **state)
{
	const uint64_t row[WORDS] = { 0x1234, TRACE_UNKNOWN, 0, UINT64_MAX - 1 };
	uint8_t packed[WIDTHS + sizeof(row)];
	uint64_t again[WORDS];
	size_t size = trace_row_pack(TRACE_CHUNK_CLAIMS, row, packed);

	for (size_t cut = 0; cut < size; cut++) {
		uint8_t *exact = malloc(cut + 1);

		memcpy(exact, packed, cut);
		assert_int_equal(trace_row_unpack(TRACE_CHUNK_CLAIMS, exact, cut, again), 0);
		free(exact);
	}
}

static void
no_word_has_nine_bytes(void **state)
{
	for (uint8_t width = 0; width <= UNKNOWN; width++) {
		uint8_t packed[WIDTHS + WORDS * sizeof(uint64_t)] = { width };
		uint64_t row[WORDS];
		size_t size = trace_row_unpack(TRACE_CHUNK_CLAIMS, packed, sizeof(packed), row);

		if (width == UNKNOWN)
			assert_int_equal(size, WIDTHS);
		else
			assert_int_equal(size, width <= 8 ? WIDTHS + width : 0);
	}
}

static void
other_kinds_have_no_rows(void **state)
{
	const uint8_t zeros[TRACE_ROW_MAX] = { 0 };
	uint64_t row[TRACE_ROW_MAX / sizeof(uint64_t)];

	assert_int_equal(trace_row_size(TRACE_CHUNK_MAPS), sizeof(struct trace_map));
	assert_int_equal(trace_row_unpack(TRACE_CHUNK_MAPS, zeros, sizeof(zeros), row), 18);
	for (uint32_t kind = TRACE_CHUNK_FREE; kind < TRACE_CHUNK_LIVE; kind++)
		assert_int_equal(trace_row_unpack(kind, zeros, sizeof(zeros), row), 0);
	assert_int_equal(trace_row_unpack(TRACE_CHUNK_WORDS, zeros, sizeof(zeros), row), 0);
	assert_int_equal(trace_row_size(TRACE_CHUNK_KINDS), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unpacks_to_what_was_packed),
		cmocka_unit_test(what_is_cut_is_no_row),
		cmocka_unit_test(no_word_has_nine_bytes),
		cmocka_unit_test(other_kinds_have_no_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
