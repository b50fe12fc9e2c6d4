/* The gate around its arithmetic: which files are judged, verdicts on whole traces, and the forms
 * in which they are written. */
#include "analyzer/collect.h"
#include "analyzer/verdict.h"
#include "analyzer/write_check.h"
#include "tests/unit/test_trace_sample.h"

#include <jansson.h>
#include <sys/stat.h>

static void
touch(const char *name)
{
	FILE *file = fopen(sample_path(name), "w");

	assert_non_null(file);
	fclose(file);
}

static void
folder_gives_its_traces_by_name(void **state)
{
	static const char *const there[] = {"c/b.mtr",     "c/a.mtr",       "c/a.mtr.1",
					    "c/a.mtr.txt", "c/.hidden.mtr", "c/mtr",
					    "c/x.mtr.",    "c/in/deep.mtr"};
	static const char *const wanted[] = {"a.mtr", "a.mtr.1", "b.mtr"};
	char *operand = strdup(sample_path("c"));
	struct collect traces;

	mkdir(sample_path("c"), 0755);
	mkdir(sample_path("c/in"), 0755);
	for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++)
		touch(there[i]);
	assert_int_equal(collect_traces(&traces, &operand, 1), 0);
	assert_int_equal(traces.count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(strrchr(traces.entries[i].path, '/') + 1, wanted[i]);
	collect_release(&traces);
	free(operand);
}

static void
no_operand_disappears(void **state)
{
	char *operands[] = {strdup(sample_path("empty")), strdup(sample_path("missing.mtr"))};
	struct collect traces;

	mkdir(operands[0], 0755);
	assert_int_equal(collect_traces(&traces, operands, 2), 0);
	assert_int_equal(traces.count, 2);
	assert_true(traces.entries[0].is_empty_folder);
	assert_false(traces.entries[1].is_empty_folder);
	assert_string_equal(traces.entries[1].path, operands[1]);
	collect_release(&traces);
	free(operands[0]);
	free(operands[1]);
}

/* A trace of two snapshots of three maps, each of which retains 1014 bytes; `change` edits its
 * header before it is closed. */
static struct verdict
verdict_on(uint64_t allowed, void (*change)(struct trace_header *header))
{
	const char *path = sample_path("trace.mtr");
	struct limits limits = {.is_set = {[LIMITS_RETAINED] = true},
				.allowed = {[LIMITS_RETAINED] = allowed}};
	struct trace_writer writer = {0};
	struct sample_tables tables;
	struct verdict verdict;

	unlink(path);
	sample_write(&writer, &tables, path, 8, 1);
	trace_end(&writer, TRACE_ENDED);
	if (change)
		change(writer.header);
	trace_leave(&writer);
	sample_release(&tables);
	verdict_reach(&verdict, path, &limits);
	return verdict;
}

static void
verdict_is_over_within_or_neither(void **state)
{
	struct verdict over = verdict_on(3 * 1014 - 1, NULL);
	struct verdict within = verdict_on(1024 * 1024, NULL);

	assert_int_equal(over.outcome, VERDICT_OVER);
	assert_int_equal(over.finding_count, 1);
	assert_int_equal(over.findings[0].measured.low, 3 * 1014);
	assert_string_equal(over.findings[0].label, "exit");
	assert_string_equal(over.findings[0].map.profile, "sample");
	assert_null(over.note);
	assert_int_equal(within.outcome, VERDICT_WITHIN);
	assert_null(within.problem);
	verdict_release(&over);
	verdict_release(&within);
}

static void
stop_tracing(struct trace_header *header)
{
	header->end = TRACE_STOPPED;
	strcpy(header->notice, "no space left on the disk");
}

static void
lose_allocations(struct trace_header *header)
{
	header->unrecorded = 3;
}

static void
trace_with_gaps_never_passes(void **state)
{
	struct verdict stopped = verdict_on(1024 * 1024, stop_tracing);
	struct verdict gaps = verdict_on(1024 * 1024, lose_allocations);
	struct verdict over = verdict_on(0, stop_tracing);

	assert_int_equal(stopped.outcome, VERDICT_UNJUDGED);
	assert_non_null(strstr(stopped.problem, "no space left on the disk"));
	assert_int_equal(gaps.outcome, VERDICT_UNJUDGED);
	assert_non_null(strstr(gaps.problem, "3 allocations"));
	assert_int_equal(over.outcome, VERDICT_OVER);
	verdict_release(&stopped);
	verdict_release(&gaps);
	verdict_release(&over);
}

static void
kill_guest(struct trace_header *header)
{
	header->end = TRACE_RUNNING;
	header->pid = 0x7ffffff0; /* beyond every pid_max */
}

static void
killed_guest_is_judged_and_said_so(void **state)
{
	struct verdict within = verdict_on(1024 * 1024, kill_guest);
	struct verdict over = verdict_on(0, kill_guest);

	assert_int_equal(within.outcome, VERDICT_WITHIN);
	assert_non_null(strstr(within.note, "killed"));
	assert_int_equal(over.outcome, VERDICT_OVER);
	verdict_release(&within);
	verdict_release(&over);
}

static void
lose_snapshots(struct trace_header *header)
{
	header->snapshots = 0;
}

static void
trace_without_snapshot_cannot_be_judged(void **state)
{
	struct verdict verdict = verdict_on(1024 * 1024, lose_snapshots);

	assert_int_equal(verdict.outcome, VERDICT_UNJUDGED);
	assert_int_equal(verdict.finding_count, 0);
	assert_non_null(verdict.problem);
	verdict_release(&verdict);
}

static void
unreadable_traces_say_why(void **state)
{
	struct limits limits = {.is_set = {[LIMITS_RETAINED] = true}};
	struct verdict missing, foreign;

	touch("foreign.mtr");
	verdict_reach(&missing, "/nonexistent.mtr", &limits);
	verdict_reach(&foreign, sample_path("foreign.mtr"), &limits);
	assert_int_equal(missing.outcome, VERDICT_UNREADABLE);
	assert_non_null(strstr(missing.problem, "/nonexistent.mtr"));
	assert_int_equal(foreign.outcome, VERDICT_UNREADABLE);
	assert_true(strlen(foreign.problem) > 0);
	verdict_release(&missing);
	verdict_release(&foreign);
}

/* One over, one within, one unreadable with a name that every form must escape. */
static struct check_result
mixed_result(struct verdict verdicts[3])
{
	verdicts[0] = verdict_on(0, NULL);
	verdicts[0].findings[0].map.file = strdup("/src/a,b:c%.c");
	verdicts[0].findings[0].map.line = 7;
	verdicts[0].findings[0].map.function = strdup("Cache<int>::add(\"x\" & y)");
	verdicts[1] = verdict_on(1024 * 1024, NULL);
	verdict_without_trace(&verdicts[2], "a<b>\033[1m\n\xff.mtr", VERDICT_UNREADABLE,
			      "bad & worse");
	return (struct check_result){
	    .verdicts = verdicts,
	    .count = 3,
	    .exit_code = 2,
	    .outcomes = {[VERDICT_OVER] = 1, [VERDICT_WITHIN] = 1, [VERDICT_UNREADABLE] = 1}};
}

/* What a writer writes of mixed_result. free() it. */
static char *
written(void (*write)(FILE *out, const struct check_result *result))
{
	struct verdict verdicts[3];
	struct check_result result = mixed_result(verdicts);
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	write(out, &result);
	fclose(out);
	for (int i = 0; i < 3; i++)
		verdict_release(&verdicts[i]);
	return text;
}

static void
text_writer(FILE *out, const struct check_result *result)
{
	write_check_text(out, result, false);
}

static void
text_leads_with_the_verdict(void **state)
{
	char *text = written(text_writer);

	assert_int_equal(strncmp(text, "FAIL  ", 6), 0);
	assert_non_null(strstr(text, "\nPASS  "));
	assert_non_null(strstr(text, "\nUNREADABLE  a<b>\\x1b[1m\\x0a\\xff.mtr\n"));
	assert_non_null(strstr(text, "maps retain at least 2.97 KiB, 0 B allowed: 2.97 KiB over"));
	assert_non_null(strstr(text, "made by Cache<int>::add(\"x\" & y) (/src/a,b:c%.c:7)"));
	assert_non_null(strstr(text, "\n1 unreadable, 1 over a limit, 1 within all limits\n"));
	assert_null(strchr(text, '\033'));
	free(text);
}

static void
junit_is_well_formed(void **state)
{
	char *text = written(write_junit);

	assert_non_null(strstr(text, "tests=\"3\" failures=\"1\" errors=\"1\""));
	assert_non_null(strstr(text, "<failure type=\"over\" message=\"maps retain"));
	assert_non_null(strstr(text, "Cache&lt;int&gt;::add(&quot;x&quot; &amp; y)"));
	assert_non_null(strstr(text, "a&lt;b&gt;\\x1b[1m\\x0a\\xff.mtr"));
	assert_non_null(strstr(text, "message=\"bad &amp; worse\""));
	assert_non_null(strstr(text, "</testsuites>\n"));
	free(text);
}

static void
github_annotates_the_line(void **state)
{
	char *text = written(write_github);

	assert_non_null(strstr(text, "::error file=/src/a%2Cb%3Ac%25.c,line=7,"
				     "title=maptrace%3A retained::maps retain"));
	assert_non_null(strstr(text, "::error title=maptrace%3A unreadable::bad & worse"));
	assert_null(strstr(text, "1024"));
	free(text);
}

static void
json_writer(FILE *out, const struct check_result *result)
{
	assert_int_equal(write_check_json(out, result), 0);
}

static void
json_is_exact(void **state)
{
	char *text = written(json_writer);
	json_error_t error;
	json_t *root = json_loads(text, 0, &error), *traces, *finding;

	assert_non_null(root);
	traces = json_object_get(root, "traces");
	assert_string_equal(json_string_value(json_object_get(root, "schema")), "maptrace-check/1");
	assert_int_equal(json_integer_value(json_object_get(root, "exit_code")), 2);
	assert_int_equal(json_array_size(traces), 3);
	finding = json_array_get(json_object_get(json_array_get(traces, 0), "findings"), 0);
	assert_int_equal(json_integer_value(json_object_get(finding, "low")), 3 * 1014);
	assert_string_equal(json_string_value(json_object_get(finding, "verdict")), "over");
	assert_string_equal(
	    json_string_value(json_object_get(json_array_get(traces, 1), "verdict")), "pass");
	json_decref(root);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(folder_gives_its_traces_by_name),
	    cmocka_unit_test(no_operand_disappears),
	    cmocka_unit_test(verdict_is_over_within_or_neither),
	    cmocka_unit_test(trace_with_gaps_never_passes),
	    cmocka_unit_test(killed_guest_is_judged_and_said_so),
	    cmocka_unit_test(trace_without_snapshot_cannot_be_judged),
	    cmocka_unit_test(unreadable_traces_say_why),
	    cmocka_unit_test(text_leads_with_the_verdict),
	    cmocka_unit_test(junit_is_well_formed),
	    cmocka_unit_test(github_annotates_the_line),
	    cmocka_unit_test(json_is_exact),
	};

	return cmocka_run_group_tests(tests, sample_folder_make, sample_folder_remove);
}
