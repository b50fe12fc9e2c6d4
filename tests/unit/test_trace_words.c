/* The texts of a snapshot's maps: what is put is what is read, once each, across chunks, and a
 * snapshot without any has no chunk for them. */
#include "test_trace_sample.h"

static struct trace_writer writer;
static struct trace_words words;

static int
begin(void **state)
{
	return sample_folder_make(state) ||
	       trace_create(&writer, sample_path("words.mtr"), "/bin/guest");
}

static int
end(void **state)
{
	trace_leave(&writer);
	return sample_folder_remove(state);
}

static const char *
text_at(uint32_t start)
{
	static char text[64];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = *(char *)trace_table_at(&words.table, start + (uint32_t)i);
	text[sizeof(text) - 1] = '\0';
	return text;
}

static void
no_text_takes_no_room(void **state)
{
	uint32_t told = 1, chunks = writer.header->chunks;

	assert_int_equal(trace_words_begin(&words, &writer, 0), 0);
	assert_int_equal(trace_words_put(&words, NULL), 0);
	assert_int_equal(trace_words_put(&words, ""), 0);
	trace_words_end(&words, &told);
	assert_int_equal(told, 0);
	assert_int_equal(writer.header->chunks, chunks);
}

static void
one_text_is_put_once(void **state)
{
	uint32_t told, first;

	assert_int_equal(trace_words_begin(&words, &writer, 1), 0);
	first = trace_words_put(&words, "map[string]int");
	assert_int_equal(first, 1);
	assert_int_equal(trace_words_put(&words, "map[string]in"), 16);
	assert_int_equal(trace_words_put(&words, "map[string]int"), first);
	trace_words_end(&words, &told);
	assert_int_equal(told, 1 + 15 + 14);
}

static void
texts_run_across_chunks(void **state)
{
	enum { TEXTS = 4000 };
	static uint32_t starts[TEXTS];
	uint32_t told;
	char text[64];

	assert_int_equal(trace_words_begin(&words, &writer, 2), 0);
	for (int i = 0; i < TEXTS; i++) {
		snprintf(text, sizeof(text), "a text of about forty bytes, number %d", i);
		starts[i] = trace_words_put(&words, text);
	}
	for (int i = 0; i < TEXTS; i += 7) {
		snprintf(text, sizeof(text), "a text of about forty bytes, number %d", i);
		if (i + 2 < TEXTS) /* 64 bytes are there to be read */
			assert_string_equal(text_at(starts[i]), text);
	}
	assert_true(words.table.count > 2 * TRACE_CHUNK_PAYLOAD);
	trace_words_end(&words, &told);
}

static void
a_full_disk_is_said(void **state)
{
	struct trace_writer closed = { .fd = -1 };

	assert_int_equal(trace_words_begin(&words, &closed, 3), 0);
	assert_int_equal(trace_words_put(&words, "x"), TRACE_NONE);
	trace_words_end(&words, &(uint32_t){ 0 });
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_text_takes_no_room),
		cmocka_unit_test(one_text_is_put_once),
		cmocka_unit_test(texts_run_across_chunks),
		cmocka_unit_test(a_full_disk_is_said),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
