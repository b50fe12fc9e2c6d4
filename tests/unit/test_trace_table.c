/* Tables: what was published comes back, across chunks. */
#include "test_trace_sample.h"

#include <errno.h>

static void
check_rows(const struct trace_snapshot_rows *rows, uint32_t count)
{
	assert_string_equal(rows->info.label, "exit");
	assert_int_equal(rows->live_count, count);
	assert_int_equal(rows->claims_count, count + 1);
	assert_int_equal(rows->maps_count, count + 2);
	assert_int_equal(rows->refused_count, count + 3);
	for (uint32_t i = 0; i < count; i++) {
		assert_int_equal(rows->live[i].bytes, i);
		assert_int_equal(rows->claims[i].bytes, i);
		assert_int_equal(rows->maps[i].count, i);
		assert_int_equal(rows->refused[i].line, i);
	}
}

/* Every kind of record comes back as written, in order, over many chunks. */
static void
every_kind_comes_back(void **state)
{
	const uint32_t nodes = 20000, rows = 6000;
	struct sample_tables tables;
	struct trace_writer writer;
	struct trace *trace;

	sample_write(&writer, &tables, sample_path("all.mtr"), nodes, rows);
	sample_release(&tables);
	trace_leave(&writer);
	trace = open_sound(sample_path("all.mtr"));
	assert_int_equal(trace->node_count, nodes);
	assert_int_equal(trace->stack_count, nodes);
	for (uint32_t i = 0; i < nodes; i++) {
		assert_int_equal(trace->nodes[i].pc, 0x1000 + i % SAMPLE_SITES);
		assert_int_equal(trace->stacks[i].node, i / 4);
	}
	assert_int_equal(trace->series_count, 10);
	assert_int_equal(trace->series[9].ns, 9);
	assert_int_equal(trace->module_count, 3);
	assert_string_equal(trace->modules[2].path, "/usr/lib/libsample.so");
	assert_int_equal(trace->profile_count, 1);
	assert_memory_equal(trace->text + trace->profiles[0].text_offset, sample_text,
	                    strlen(sample_text));
	assert_int_equal(trace->snapshot_count, 2);
	check_rows(&trace->snapshots[0], rows);
	check_rows(&trace->snapshots[1], rows);
	trace_close(trace);
}

/* The last record of a chunk and the first of the next are two records, for every kind. */
static void
chunks_meet_without_a_seam(void **state)
{
	for (uint32_t more = 0; more < 3; more++) {
		uint32_t per_chunk = TRACE_CHUNK_PAYLOAD / sizeof(struct trace_module);
		uint32_t count = per_chunk - 1 + more;
		struct trace_writer writer;
		struct trace_table modules;
		struct trace *trace;

		assert_int_equal(trace_create(&writer, sample_path("seam.mtr"), "/bin/guest"), 0);
		assert_int_equal(trace_table_init(&modules, TRACE_CHUNK_MODULES, TRACE_NONE), 0);
		sample_append(&writer, &modules, count, sample_fill_module);
		assert_int_equal(writer.header->chunks, more < 2 ? 1 : 2);
		trace = open_sound(writer.path);
		assert_int_equal(trace->module_count, count);
		assert_int_equal(trace->modules[count - 1].start, 0x10000ull * count);
		trace_close(trace);
		trace_table_release(&modules);
		trace_leave(&writer);
	}
}

/* next() gives zeroed memory and the same place until publish(). */
static void
records_begin_zeroed(void **state)
{
	static const struct trace_stack zero;
	struct trace_writer writer;
	struct trace_table stacks;
	void *record;

	assert_int_equal(trace_create(&writer, sample_path("zeroed.mtr"), "/bin/guest"), 0);
	assert_int_equal(trace_table_init(&stacks, TRACE_CHUNK_STACKS, TRACE_NONE), 0);
	record = trace_table_next(&writer, &stacks);
	memset(record, 0xff, sizeof(zero));
	assert_ptr_equal(trace_table_next(&writer, &stacks), record);
	assert_memory_equal(record, &zero, sizeof(zero));
	assert_int_equal(writer.header->stacks, 0);
	assert_int_equal(trace_table_publish(&writer, &stacks), 0);
	assert_int_equal(writer.header->stacks, 1);
	assert_int_equal(trace_table_init(&stacks, TRACE_CHUNK_FREE, TRACE_NONE), -1);
	assert_int_equal(errno, EINVAL);
	trace_leave(&writer);
	assert_null(trace_table_next(&writer, &stacks));
}

/* Texts lie in one piece for the reader, wherever the chunks end. */
static void
texts_run_across_chunks(void **state)
{
	const size_t size = 50000;
	struct trace_writer writer;
	struct trace_table text;
	struct trace *trace;
	char *bytes = malloc(size);

	assert_int_equal(trace_create(&writer, sample_path("text.mtr"), "/bin/guest"), 0);
	assert_int_equal(trace_table_init(&text, TRACE_CHUNK_TEXT, TRACE_NONE), 0);
	for (int i = 0; i < 5; i++) {
		memset(bytes, 'a' + i, size);
		assert_int_equal(trace_text_append(&writer, &text, bytes, size), i * size);
	}
	trace = open_sound(writer.path);
	assert_int_equal(trace->text_size, 5 * size);
	for (size_t i = 0; i < 5 * size; i++)
		assert_int_equal(trace->text[i], 'a' + (int)(i / size));
	assert_int_equal(trace->text[5 * size], '\0');
	trace_close(trace);
	free(bytes);
	trace_table_release(&text);
	trace_leave(&writer);
}

/* The time series halves in place and goes on; a reader sees the new length. */
static void
series_can_be_shortened(void **state)
{
	const uint32_t per_chunk = TRACE_CHUNK_PAYLOAD / sizeof(struct trace_point);
	struct trace_writer writer;
	struct trace_table series;
	struct trace *trace;

	assert_int_equal(trace_create(&writer, sample_path("series.mtr"), "/bin/guest"), 0);
	assert_int_equal(trace_table_init(&series, TRACE_CHUNK_SERIES, TRACE_NONE), 0);
	for (int round = 0; round < 3; round++) {
		sample_append(&writer, &series, TRACE_SERIES_MAX - series.count, sample_fill_point);
		trace = open_sound(writer.path);
		assert_int_equal(trace->series_count, TRACE_SERIES_MAX);
		trace_close(trace);
		trace_table_shorten(&writer, &series, TRACE_SERIES_MAX / 2);
		trace = open_sound(writer.path);
		assert_int_equal(trace->series_count, TRACE_SERIES_MAX / 2);
		assert_int_equal(trace->series[2000].ns, 2000);
		trace_close(trace);
	}
	assert_int_equal(writer.header->chunks, (TRACE_SERIES_MAX + per_chunk - 1) / per_chunk);
	trace_table_release(&series);
	trace_leave(&writer);
}

/* Large tables take chunks in runs: a guest may have 65,530 mappings and needs them itself. */
static void
large_tables_use_few_mappings(void **state)
{
	uint32_t count = 200 * (TRACE_CHUNK_PAYLOAD / sizeof(struct trace_module));
	struct trace_writer writer;
	struct trace_table modules;
	struct trace *trace;
	char line[512];
	int mappings = 0;
	FILE *maps;

	assert_int_equal(trace_create(&writer, sample_path("large.mtr"), "/bin/guest"), 0);
	assert_int_equal(trace_table_init(&modules, TRACE_CHUNK_MODULES, TRACE_NONE), 0);
	sample_append(&writer, &modules, count, sample_fill_module);
	maps = fopen("/proc/self/maps", "r");
	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		mappings += strstr(line, "large.mtr") != NULL;
	fclose(maps);
	assert_in_range(mappings, 1, 60);
	assert_in_range(writer.header->chunks, 200, 250);
	trace = open_sound(writer.path);
	assert_int_equal(trace->module_count, count);
	assert_int_equal(trace->modules[count - 1].start, 0x10000ull * count);
	trace_close(trace);
	trace_table_release(&modules);
	trace_leave(&writer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_comes_back),
		cmocka_unit_test(chunks_meet_without_a_seam),
		cmocka_unit_test(records_begin_zeroed),
		cmocka_unit_test(texts_run_across_chunks),
		cmocka_unit_test(series_can_be_shortened),
		cmocka_unit_test(large_tables_use_few_mappings),
	};

	return cmocka_run_group_tests(tests, sample_folder_make, sample_folder_remove);
}
