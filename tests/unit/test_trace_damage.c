/* Traces that were cut or changed by accident: an error or a trace that keeps its promise, never a
 * crash. */
#include "test_trace_sample.h"

/* Cut at any 512 bytes: TRUNCATED, or whole where only unused space is gone. */
static void
cut_files_are_truncated(void **state)
{
	struct bytes bytes = sample_bytes(100, 5);
	struct trace_error error;
	unsigned truncated = 0;

	for (size_t size = 512; size < bytes.size; size += 512) {
		enum trace_error_kind kind = outcome(bytes.at, size, &error);

		assert_true(kind == TRACE_ERROR_TRUNCATED || kind == TRACE_ERROR_NONE);
		truncated += kind == TRACE_ERROR_TRUNCATED;
		assert_true(kind == TRACE_ERROR_TRUNCATED || size + TRACE_CHUNK_SIZE > bytes.size);
	}
	assert_true(truncated > 500);
	free(bytes.at);
}

/* A writer that died between taking a chunk and reserving its space, or whose disk was full while
 * a part of the chunk was there: nothing is lost. */
static void
chunks_without_space_lose_nothing(void **state)
{
	struct bytes bytes = sample_bytes(100, 5);
	struct trace_header *header = (struct trace_header *)bytes.at;
	struct trace_error error;

	header->chunks += 3;
	assert_int_equal(outcome(bytes.at, bytes.size, &error), TRACE_ERROR_NONE);
	bytes.at = realloc(bytes.at, bytes.size + 3 * TRACE_CHUNK_SIZE);
	memset(bytes.at + bytes.size, 0, 3 * TRACE_CHUNK_SIZE);
	for (size_t more = 512; more < 3 * TRACE_CHUNK_SIZE; more += 9 * 512)
		assert_int_equal(outcome(bytes.at, bytes.size + more, &error), TRACE_ERROR_NONE);
	free(bytes.at);
}

/* The bytes of chunk headers and of the first records are where a changed bit matters. */
static size_t
pick_offset(struct bytes bytes)
{
	size_t chunks = (bytes.size - TRACE_HEADER_SIZE) / TRACE_CHUNK_SIZE;
	size_t chunk = TRACE_HEADER_SIZE + (size_t)rand() % chunks * TRACE_CHUNK_SIZE;

	switch (rand() % 4) {
	case 0:
		return (size_t)rand() % sizeof(struct trace_header);
	case 1:
		return chunk + (size_t)rand() % 16;
	default:
		return chunk + (size_t)rand() % 3000;
	}
}

/* 20,000 changed bytes: no crash, and what opens keeps the promise. */
static void
changed_bytes_break_no_promise(void **state)
{
	struct bytes bytes = sample_bytes(20, 3);
	unsigned refused = 0, opened = 0;
	struct trace_error error;
	struct trace *trace;

	srand(1);
	for (int i = 0; i < 20000; i++) {
		uint8_t *at = bytes.at + pick_offset(bytes), old = *at;

		*at = (uint8_t)rand();
		trace = trace_open_bytes(bytes.at, bytes.size, "sample.mtr", &error);
		*at = old;
		refused += trace == NULL;
		opened += trace != NULL;
		if (trace)
			promise_holds(trace);
		trace_close(trace);
	}
	assert_true(refused > 1000 && opened > 1000);
	free(bytes.at);
}

/* Several changes at once, and counts that agree on nonsense. */
static void
changed_words_break_no_promise(void **state)
{
	static const uint32_t words[] = { 0, 1, 2, 3, 0x7fffffff, 0x80000000, 0xffffffff, 65536 };
	struct bytes bytes = sample_bytes(20, 3), copy;
	struct trace_error error;
	struct trace *trace;

	srand(2);
	copy = (struct bytes){ malloc(bytes.size), bytes.size };
	for (int i = 0; i < 300; i++) {
		memcpy(copy.at, bytes.at, bytes.size);
		for (int change = rand() % 6; change >= 0; change--) {
			size_t offset = pick_offset(bytes) & ~(size_t)3;

			if (offset >= 24) /* magic, version and sizes have tests of their own */
				memcpy(copy.at + offset, &words[rand() % 8], 4);
		}
		trace = trace_open_bytes(copy.at, copy.size, "sample.mtr", &error);
		if (trace)
			promise_holds(trace);
		trace_close(trace);
	}
	free(copy.at);
	free(bytes.at);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_files_are_truncated),
		cmocka_unit_test(chunks_without_space_lose_nothing),
		cmocka_unit_test(changed_bytes_break_no_promise),
		cmocka_unit_test(changed_words_break_no_promise),
	};

	return cmocka_run_group_tests(tests, sample_folder_make, sample_folder_remove);
}
