/* The report of the article's experiment as text and JSON, and what reports say when there is
 * little to say. The text is held against tests/golden/report_article.txt; MAPTRACE_GOLDEN=write in
 * the environment writes it anew, for a human to read the difference. */
#include "analyzer/symbols.h"
#include "analyzer/write_json.h"
#include "analyzer/write_text.h"
#include "tests/unit/test_analyzer_sample.h"

#define GOLDEN "tests/golden/report_article.txt"

enum { ARRAY = 307494912, OLD_ARRAY = 153747456, CHAINS = 21151536, BUCKETS = 289406976 };

static struct trace_map *
article_map(struct trace_snapshot_rows *rows, uint32_t array, uint64_t count, uint64_t needed)
{
	struct trace_map *map = sample_map(rows, 0x55d0c0de0, array, BUCKETS, needed);

	map->count = count;
	map->capacity = 1703936;
	map->overflow_bytes = map->overflow_reserved_bytes = ARRAY - BUCKETS;
	map->remedies[0].leaves = map->remedies[0].transient = needed;
	sample_live(rows, array, ARRAY, 1);
	sample_claim(rows, array, TRACE_BUCKETS, BUCKETS, 1);
	sample_claim(rows, array, TRACE_OVERFLOW, ARRAY - BUCKETS, 0);
	return map;
}

static struct trace *
article_trace(void)
{
	struct trace *trace = sample_trace();
	uint32_t array = sample_stack(trace, TRACE_BUCKETS, 0);
	uint32_t chain = sample_stack(trace, TRACE_OVERFLOW, 0);
	struct trace_snapshot_rows *rows;

	trace->stacks[array].split_role = TRACE_OVERFLOW;
	trace->stacks[array].split_share = 16;
	trace->stacks[array].split_whole = 17;
	rows = sample_snapshot(trace, "after adds");
	article_map(rows, array, 1000000, ARRAY);
	sample_live(rows, array, OLD_ARRAY, 1);
	sample_live(rows, chain, CHAINS, 19159);
	article_map(sample_snapshot(trace, "after delete"), array, 0, 0);
	trace->header.peak_bytes = ARRAY + OLD_ARRAY + CHAINS;
	trace->header.peak_ns = 900000000;
	trace->counts[array].live_bytes = ARRAY;
	trace->counts[array].at_peak_bytes = ARRAY + OLD_ARRAY;
	trace->counts[chain].at_peak_bytes = CHAINS;
	return trace;
}

/* What write_text prints; free() it. */
static char *
text_of(struct model *model)
{
	struct options options = {0};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(write_text(model, &options, out), 0);
	fclose(out);
	return text;
}

static char *
read_file(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = calloc(1, 65536);

	assert_non_null(in);
	assert_true(fread(text, 1, 65535, in) > 0);
	fclose(in);
	return text;
}

static void
write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

static void
articles_report_is_the_golden_one(void **state)
{
	struct model *model = sample_model(article_trace());
	char *text = text_of(model), *golden;

	if (getenv("MAPTRACE_GOLDEN"))
		write_file(GOLDEN, text);
	golden = read_file(GOLDEN);
	assert_string_equal(text, golden);
	assert_non_null(strstr(text, "deleting 1,000,000 entries released 0 B"));
	free(golden);
	free(text);
	model_close(model);
}

static void
contains(struct trace *trace, const char *expected)
{
	struct model *model = sample_model(trace);
	char *text = text_of(model);

	if (!strstr(text, expected))
		fail_msg("no \"%s\" in:\n%s", expected, text);
	free(text);
	model_close(model);
}

static void
killed_guest_is_said_at_once(void **state)
{
	struct trace *trace = article_trace();

	trace->header.end = TRACE_RUNNING;
	contains(trace, "did not end properly");
}

static void
trace_without_complete_snapshot_says_so(void **state)
{
	struct trace *trace = sample_trace();

	contains(trace, "No snapshot is complete");
	trace = article_trace();
	trace->snapshots[0].info.state = trace->snapshots[1].info.state = TRACE_SNAPSHOT_BEGUN;
	contains(trace, "its writer is still at work, or was cut off");
}

/* A map whose array no stack calls buckets. */
static struct trace *
trace_by_structure(void)
{
	struct trace *trace = sample_trace();
	uint32_t stack = sample_stack(trace, TRACE_OTHER, 0);

	(void)sample_whole_map(sample_snapshot(trace, "exit"), 0x1000, stack, 4096, 0);
	return trace;
}

static void
stacks_that_showed_nothing_are_told_as_they_were(void **state)
{
	struct trace *trace = trace_by_structure();

	contains(trace, "No stack showed map code (the program is stripped, or inlines it)");
	trace = trace_by_structure();
	trace->header.role_peak_bytes[TRACE_BUCKETS] = 1;
	contains(trace, "No memory of this snapshot is map code's by its stack: maps were found");
}

static void
maps_of_one_place_are_one_row(void **state)
{
	struct trace *trace = sample_trace();
	uint32_t array = sample_stack(trace, TRACE_BUCKETS, 0);
	uint32_t elsewhere = sample_stack(trace, TRACE_BUCKETS, 0);
	struct trace_snapshot_rows *rows = sample_snapshot(trace, "exit");
	struct model_filter filter = {0};
	const struct model_map **maps;
	struct model_group *groups;
	struct model_spread spread;
	struct model *model;
	size_t count, group_count;

	for (uint64_t i = 0; i < 300; i++)
		sample_whole_map(rows, 0x10000 + 64 * i, array, 1000 + i, 0);
	sample_whole_map(rows, 0x8000, elsewhere, 2000, 0);
	model = sample_model(trace);
	maps = model_list(model->judged, &filter, &count);
	groups = model_groups(model, maps, count, MODEL_SORT_RETAINED, &group_count);
	assert_int_equal(group_count, 2);
	assert_int_equal(groups[0].totals.maps, 300);
	assert_int_equal(groups[0].totals.held, 300 * 1000 + 299 * 300 / 2);
	assert_int_equal(groups[0].worst->held, 1299);
	assert_int_equal(groups[1].totals.maps, 1);
	spread = model_spread(&groups[0], MODEL_HELD);
	assert_int_equal(spread.known, 300);
	assert_int_equal(spread.least, 1000);
	assert_int_equal(spread.median, 1149);
	assert_int_equal(spread.nine_tenths, 1269);
	assert_int_equal(spread.most, 1299);
	spread = model_spread(&groups[1], MODEL_RETAINED);
	assert_int_equal(spread.least, 2000);
	assert_int_equal(spread.nine_tenths, 2000);
	assert_int_equal(spread.most, 2000);
	free(groups);
	free(maps);
	model_close(model);
}

static void
nothing_retained_is_said_in_words(void **state)
{
	struct trace *trace = sample_trace();
	uint32_t array = sample_stack(trace, TRACE_BUCKETS, 0);

	sample_whole_map(sample_snapshot(trace, "exit"), 0x8000, array, 2000, 2000);
	contains(trace, "1 map holds 1.95 KiB and needs it: nothing is retained.");
}

static void
values_that_are_not_known_are_told(void **state)
{
	struct trace *trace = article_trace();

	trace->snapshots[0].maps[0].value_bytes = TRACE_UNKNOWN;
	trace->snapshots[1].maps[0].value_bytes = TRACE_UNKNOWN;
	contains(trace, "Not among the values: those of 1 map, of which it is not known what");
}

static void
ends_of_a_range_that_look_the_same_are_one(void **state)
{
	struct trace *trace = sample_trace();
	uint32_t array = sample_stack(trace, TRACE_BUCKETS, 0);
	struct trace_map *map =
	    sample_whole_map(sample_snapshot(trace, "exit"), 0x8000, array, 4 << 20, 1 << 20);

	map->needed_high = (1 << 20) + 144;
	contains(trace, "1 map holds 4.00 MiB and needs 1.00 MiB: 3.00 MiB retained (estimate).");
}

static void
no_map_lists_profiles_and_refusals(void **state)
{
	struct trace *trace = sample_trace();
	struct trace_snapshot_rows *rows = sample_snapshot(trace, "exit");
	struct trace_refused *refused = sample_more(rows->refused, rows->refused_count);

	refused->line = 9;
	refused->candidates = 3;
	refused->bytes = 4096;
	contains(trace, "sample: 3 candidates with 4.00 KiB in arrays: a requirement was not met\n"
			"      line 9: require entries >= 0\n");
	trace = sample_trace();
	sample_snapshot(trace, "exit");
	contains(trace, "No map was found");
	trace = sample_trace();
	sample_snapshot(trace, "exit");
	contains(trace, "Profiles that looked for maps: sample");
}

static void
names_from_the_guest_are_escaped(void **state)
{
	struct trace *trace = article_trace();
	struct model *model;
	char *text;

	strcpy(trace->header.program, "/tmp/\033[2Jevil\n");
	strcpy(trace->snapshots[1].info.label, "\033]0;title\a");
	strcpy(trace->profiles[0].name, "\033[31m");
	strcpy(trace->header.notice, "\x9b"
				     "31m");
	model = sample_model(trace);
	text = text_of(model);
	for (const char *at = text; *at; at++)
		assert_true(*at == '\n' ||
			    ((unsigned char)*at >= 0x20 && (unsigned char)*at < 0x7f));
	free(text);
	model_close(model);
}

static void
extreme_numbers_print(void **state)
{
	struct trace *trace = article_trace();
	struct trace_map *map = &trace->snapshots[1].maps[0];
	struct model *model;

	memset(&map->count, 0xff,
	       offsetof(struct trace_map, name) - offsetof(struct trace_map, count));
	trace->header.peak_slack_bytes_log2 = 63;
	trace->header.threads_seen = UINT32_MAX;
	trace->snapshots[0].live[0].bytes = UINT64_MAX;
	trace->snapshots[0].info.live_bytes = UINT64_MAX;
	trace->snapshots[0].info.scan_bytes = UINT64_MAX;
	model = sample_model(trace);
	free(text_of(model));
	model_close(model);
}

/* The JSON report as jansson reads it back. */
static json_t *
json_of(struct model *model)
{
	struct model_filter filter = {0};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	json_t *report;

	assert_non_null(out);
	assert_int_equal(write_json(model, &filter, out), 0);
	fclose(out);
	report = json_loads(text, 0, NULL);
	assert_non_null(report);
	free(text);
	return report;
}

static json_int_t
number(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

static void
json_keeps_the_contract(void **state)
{
	static const char *const map_keys[] = {
	    "profile",      "address",        "where",        "type",           "count",
	    "capacity",     "tombstones",     "bytes",        "resident_bytes", "reserved_bytes",
	    "needed_bytes", "retained_bytes", "allocated_at",
	};
	static const char *const snapshot_keys[] = {"label", "time_ms",  "roles",
						    "maps",  "complete", "reason"};
	struct model *model = sample_model(article_trace());
	json_t *report = json_of(model), *snapshot, *map, *frame;

	assert_string_equal(json_string_value(json_object_get(report, "schema")), "maptrace/1");
	assert_true(json_is_true(json_object_get(report, "complete")));
	assert_int_equal(number(report, "pid"), 4711);
	snapshot = json_array_get(json_object_get(report, "snapshots"), 1);
	for (size_t i = 0; i < sizeof snapshot_keys / sizeof *snapshot_keys; i++)
		assert_non_null(json_object_get(snapshot, snapshot_keys[i]));
	map = json_array_get(json_object_get(snapshot, "maps"), 0);
	for (size_t i = 0; i < sizeof map_keys / sizeof *map_keys; i++)
		assert_non_null(json_object_get(map, map_keys[i]));
	assert_int_equal(number(map, "retained_bytes"), ARRAY);
	assert_int_equal(number(json_object_get(map, "bytes"), "overflow_reserved"),
			 ARRAY - BUCKETS);
	assert_string_equal(json_string_value(json_object_get(map, "address")), "0x55d0c0de0");
	frame = json_array_get(json_object_get(map, "allocated_at"), 0);
	assert_true(json_is_null(json_object_get(frame, "function")));
	json_decref(report);
	model_close(model);
}

static void
json_has_null_for_what_is_not_known(void **state)
{
	struct trace *trace = article_trace();
	struct model *model;
	json_t *report, *map;

	trace->snapshots[1].maps[0].capacity = TRACE_UNKNOWN;
	trace->snapshots[1].maps[0].needed_low = TRACE_UNKNOWN;
	strcpy(trace->snapshots[1].info.label, "\xff broken");
	model = sample_model(trace);
	report = json_of(model);
	map = json_array_get(
	    json_object_get(json_array_get(json_object_get(report, "snapshots"), 1), "maps"), 0);
	assert_true(json_is_null(json_object_get(map, "capacity")));
	assert_true(json_is_null(json_object_get(map, "needed_bytes")));
	assert_true(json_is_null(json_object_get(map, "retained_bytes")));
	json_decref(report);
	model_close(model);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(articles_report_is_the_golden_one),
	    cmocka_unit_test(killed_guest_is_said_at_once),
	    cmocka_unit_test(trace_without_complete_snapshot_says_so),
	    cmocka_unit_test(stacks_that_showed_nothing_are_told_as_they_were),
	    cmocka_unit_test(maps_of_one_place_are_one_row),
	    cmocka_unit_test(nothing_retained_is_said_in_words),
	    cmocka_unit_test(values_that_are_not_known_are_told),
	    cmocka_unit_test(ends_of_a_range_that_look_the_same_are_one),
	    cmocka_unit_test(no_map_lists_profiles_and_refusals),
	    cmocka_unit_test(names_from_the_guest_are_escaped),
	    cmocka_unit_test(extreme_numbers_print),
	    cmocka_unit_test(json_keeps_the_contract),
	    cmocka_unit_test(json_has_null_for_what_is_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
