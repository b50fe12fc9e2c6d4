/* `report` over many traces: each operand has its line or its complaint, the worst comes first. */
#include "analyzer/summary.h"
#include "tests/unit/test_analyzer_sample.h"
#include "trace/rows.h"

#include <jansson.h>

static char folder[] = "/tmp/maptrace-test-XXXXXX";

static int
make_folder(void **state)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int
remove_folder(void **state)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

static struct trace_table
table(enum trace_chunk_kind kind, uint32_t owner)
{
	struct trace_table made;

	assert_int_equal(trace_table_init(&made, kind, owner), 0);
	return made;
}

/* A trace with one complete snapshot of one map that holds and retains `bytes`; 0: no snapshot. */
static void
write_trace(const char *name, uint64_t bytes)
{
	struct trace_table profiles = table(TRACE_CHUNK_PROFILES, TRACE_NONE);
	struct trace_table text = table(TRACE_CHUNK_TEXT, TRACE_NONE);
	struct trace_table snapshots = table(TRACE_CHUNK_SNAPSHOTS, TRACE_NONE);
	struct trace_writer writer;
	struct trace_profile *profile;
	struct trace_snapshot *snapshot;
	struct trace_rows maps;
	char path[256];
	const struct trace_map map = {.where_module = TRACE_NONE, .where_stack = TRACE_NONE,
				      .stack = TRACE_NONE, .bucket_bytes = bytes};

	snprintf(path, sizeof path, "%s/%s", folder, name);
	assert_int_equal(trace_create(&writer, path, "/bin/guest"), 0);
	profile = trace_table_next(&writer, &profiles);
	strcpy(profile->name, "sample");
	profile->text_offset = trace_text_append(&writer, &text, SAMPLE_TEXT, strlen(SAMPLE_TEXT));
	profile->text_size = (uint32_t)strlen(SAMPLE_TEXT);
	trace_table_publish(&writer, &profiles);
	if (bytes) {
		snapshot = trace_table_next(&writer, &snapshots);
		strcpy(snapshot->label, "exit");
		trace_table_publish(&writer, &snapshots);
		assert_int_equal(trace_rows_begin(&maps, &writer, TRACE_CHUNK_MAPS, 0), 0);
		assert_int_equal(trace_rows_add(&maps, &map, 1), 0);
		trace_rows_end(&maps, &snapshot->maps);
		snapshot->state = TRACE_SNAPSHOT_COMPLETE;
	}
	trace_end(&writer, TRACE_ENDED);
	trace_leave(&writer);
	trace_table_release(&profiles);
	trace_table_release(&text);
	trace_table_release(&snapshots);
}

/* What is printed for these operands; free() it. */
static char *
summary_of(char **operands, size_t count, bool json, int expected)
{
	struct options options = {.json = json};
	struct collect traces;
	char *printed = NULL;
	size_t size;
	FILE *out = open_memstream(&printed, &size);

	assert_non_null(out);
	assert_int_equal(collect_traces(&traces, operands, count), 0);
	assert_int_equal(summary_print(&command_report, &options, &traces, out), expected);
	fclose(out);
	collect_release(&traces);
	return printed;
}

static void
worst_trace_of_a_folder_comes_first(void **state)
{
	char *operands[] = {folder}, *printed;
	const char *small, *large, *none;

	write_trace("a.mtr", 4096);
	write_trace("b.mtr", 1 << 20);
	write_trace("c.mtr", 0);
	printed = summary_of(operands, 1, false, COMMAND_OK);
	large = strstr(printed, "1.00 MiB");
	small = strstr(printed, "4.00 KiB");
	none = strstr(printed, "none complete");
	assert_true(large && small && none && large < small && small < none);
	free(printed);
}

static void
operand_that_cannot_be_read_fails_and_hides_no_other(void **state)
{
	char one[256], *operands[] = {"/nowhere/x.mtr", one}, *printed;
	json_t *root;

	snprintf(one, sizeof one, "%s/b.mtr", folder);
	printed = summary_of(operands, 2, true, COMMAND_FAILED);
	root = json_loads(printed, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(root, "traces")), 1);
	json_decref(root);
	free(printed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(worst_trace_of_a_folder_comes_first),
	    cmocka_unit_test(operand_that_cannot_be_read_fails_and_hides_no_other),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
