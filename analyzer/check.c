/*
 * `maptrace check`: the gate. Judges traces against limits and says so by its exit code, in words,
 * and in the forms that CI servers read.
 *
 * The rule that must never break: only what was judged and found within every limit exits 0. Of many
 * traces the exit code tells the worst: unreadable (2) before over (1) before cannot judge (3).
 */
#include "analyzer/baseline.h"
#include "analyzer/collect.h"
#include "analyzer/command.h"
#include "analyzer/units.h"
#include "analyzer/write_check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_RETAINED = 0x2000, KEY_PER_MAP, KEY_FILL, KEY_BUCKETS, KEY_BASELINE, KEY_GROWTH,
	KEY_ACCEPTED, KEY_JUNIT, KEY_GITHUB, KEY_EMPTY };

/* Maps smaller than this are too small to be asked for their fill, unless --min says otherwise. */
static const uint64_t FILL_MINIMUM = 64 * 1024;

/* What the command line asks for. */
struct check {
	struct limits limits;
	const char *baseline_path, *accepted_path, *junit_path;
	bool is_github, allows_empty;
	struct accepted *accepted;
	struct baseline *baseline;
	FILE *junit;
};

static const struct argp_option own[] = {
	{ "max-retained", KEY_RETAINED, "BYTES", 0, "All maps together may retain this much", 0 },
	{ "max-retained-per-map", KEY_PER_MAP, "BYTES", 0, "Each map may retain this much", 0 },
	{ "min-fill", KEY_FILL, "PERCENT", 0, "Each map that holds at least --min (64K unless told "
	  "otherwise) must fill this much of its capacity", 0 },
	{ "max-buckets", KEY_BUCKETS, "BYTES", 0, "All bucket arrays together may take this much", 0 },
	{ "baseline", KEY_BASELINE, "OLD.mtr", 0, "The earlier trace that --max-growth compares with",
	  0 },
	{ "max-growth", KEY_GROWTH, "BYTES", 0, "Maps may retain this much more than in the baseline, "
	  "matched by profile and allocation stack", 0 },
	{ "accepted", KEY_ACCEPTED, "FILE", 0, "Leave out the maps that this file names", 0 },
	{ "junit", KEY_JUNIT, "FILE", 0, "Write JUnit XML too", 0 },
	{ "github", KEY_GITHUB, NULL, 0, "Print GitHub annotations too", 0 },
	{ "allow-empty", KEY_EMPTY, NULL, 0, "A folder without traces passes", 0 },
	{ 0 },
};

static error_t
set_bytes(struct argp_state *state, struct limits *limits, enum limits_kind kind,
          const char *option, const char *argument)
{
	limits->is_set[kind] = true;
	if (units_parse_bytes(argument, &limits->allowed[kind]) == 0)
		return 0;
	argp_error(state, "%s: '%s' is no size; write 4096, 16M or 1.5GiB", option, argument);
	return EINVAL;
}

static error_t
set_percent(struct argp_state *state, struct limits *limits, const char *argument)
{
	char *end;
	unsigned long percent = strtoul(argument, &end, 10);

	limits->is_set[LIMITS_FILL] = true;
	limits->allowed[LIMITS_FILL] = percent;
	if (*argument >= '0' && *argument <= '9' && percent <= 100 &&
	    (*end == '\0' || strcmp(end, "%") == 0))
		return 0;
	argp_error(state, "--min-fill: '%s' is no percentage from 0 to 100", argument);
	return EINVAL;
}

static error_t
parse_own(int key, char *argument, struct argp_state *state)
{
	struct check *check = state->input;
	struct limits *limits = &check->limits;

	switch (key) {
	case KEY_RETAINED:
		return set_bytes(state, limits, LIMITS_RETAINED, "--max-retained", argument);
	case KEY_PER_MAP:
		return set_bytes(state, limits, LIMITS_PER_MAP, "--max-retained-per-map", argument);
	case KEY_BUCKETS:
		return set_bytes(state, limits, LIMITS_BUCKETS, "--max-buckets", argument);
	case KEY_GROWTH:
		return set_bytes(state, limits, LIMITS_GROWTH, "--max-growth", argument);
	case KEY_FILL:
		return set_percent(state, limits, argument);
	case KEY_BASELINE:
		check->baseline_path = argument;
		return 0;
	case KEY_ACCEPTED:
		check->accepted_path = argument;
		return 0;
	case KEY_JUNIT:
		check->junit_path = argument;
		return 0;
	case KEY_GITHUB:
		check->is_github = true;
		return 0;
	case KEY_EMPTY:
		check->allows_empty = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp own_argp = { .options = own, .parser = parse_own };

/* What options can only be wrong about together. */
static int
validate(const struct command *command, const struct check *check, const struct options *options)
{
	bool is_any_set = false;

	for (int kind = 0; kind < LIMITS_KINDS; kind++)
		is_any_set |= check->limits.is_set[kind];
	if (options->operand_count == 0)
		command_complain(command, "which traces? Name files or folders, such as "
		                 "`maptrace check . --max-retained 16M`");
	else if (!is_any_set)
		command_complain(command, "no limit is given; at least one is needed, such as "
		                 "--max-retained 16M (see `maptrace check --help`)");
	else if (check->limits.is_set[LIMITS_GROWTH] != (check->baseline_path != NULL))
		command_complain(command, "--baseline and --max-growth need each other");
	else
		return 0;
	return -1;
}

static bool
is_accepted(void *context, struct model *model, const struct model_map *map)
{
	return accepted_matches(context, map->profile_name, model_map_names(model, map));
}

static int
read_accepted(const struct command *command, struct check *check)
{
	struct accepted_error error;

	if (!check->accepted_path)
		return 0;
	check->accepted = accepted_read(check->accepted_path, &error);
	if (!check->accepted) {
		if (error.line)
			command_complain(command, "%s:%zu:%zu: %s", check->accepted_path, error.line,
			                 error.column, error.message);
		else
			command_complain(command, "%s %s", check->accepted_path, error.message);
		return -1;
	}
	check->limits.leaves_out = is_accepted;
	check->limits.context = check->accepted;
	return 0;
}

/* Returns enum command_exit: a baseline that cannot be judged makes growth impossible to judge. */
static int
read_baseline(const struct command *command, struct check *check)
{
	struct trace_error error = { 0 };
	struct model *model;

	if (!check->baseline_path)
		return COMMAND_OK;
	model = model_open(check->baseline_path, &error);
	if (!model) {
		command_complain(command, "baseline: %s", error.message);
		return COMMAND_FAILED;
	}
	if (model_select(model, check->limits.snapshot) < 0) {
		command_complain(command, "baseline %s: it has no complete snapshot%s%s%s, so growth "
		                 "cannot be judged", check->baseline_path,
		                 check->limits.snapshot ? " labelled '" : "",
		                 check->limits.snapshot ? check->limits.snapshot : "",
		                 check->limits.snapshot ? "'" : "");
		model_close(model);
		return COMMAND_UNJUDGED;
	}
	check->baseline = limits_baseline(model, &check->limits);
	check->limits.baseline = check->baseline;
	model_close(model);
	if (check->baseline)
		return COMMAND_OK;
	command_complain(command, "baseline %s: out of memory", check->baseline_path);
	return COMMAND_FAILED;
}

static int
open_junit(const struct command *command, struct check *check)
{
	if (!check->junit_path)
		return 0;
	check->junit = fopen(check->junit_path, "we");
	if (check->junit)
		return 0;
	command_complain(command, "--junit %s: cannot be written: %s", check->junit_path,
	                 strerror(errno));
	return -1;
}

static void
judge_entry(const struct check *check, const struct collect_entry *entry, struct verdict *verdict)
{
	char problem[256];

	if (entry->errno_value) {
		snprintf(problem, sizeof(problem), "the folder cannot be read: %s",
		         strerror(entry->errno_value));
		verdict_without_trace(verdict, entry->path, VERDICT_UNREADABLE, problem);
	} else if (entry->is_empty_folder && check->allows_empty) {
		verdict_without_trace(verdict, entry->path, VERDICT_WITHIN,
		                      "the folder holds no trace, which --allow-empty permits");
	} else if (entry->is_empty_folder) {
		verdict_without_trace(verdict, entry->path, VERDICT_UNJUDGED,
		                      "the folder holds no trace (*.mtr). Traces of programs that used "
		                      "no map are removed unless MAPTRACE_KEEP=1 is set; --allow-empty "
		                      "lets such a folder pass");
	} else {
		verdict_reach(verdict, entry->path, &check->limits);
	}
}

static int
exit_code(const size_t outcomes[VERDICT_OUTCOMES])
{
	if (outcomes[VERDICT_UNREADABLE])
		return COMMAND_FAILED;
	if (outcomes[VERDICT_OVER])
		return COMMAND_OVER;
	return outcomes[VERDICT_UNJUDGED] ? COMMAND_UNJUDGED : COMMAND_OK;
}

/* Judges all traces. -1: no memory. */
static int
judge_all(const struct check *check, const struct collect *traces, struct check_result *result)
{
	result->verdicts = calloc(traces->count + 1, sizeof(result->verdicts[0]));
	if (!result->verdicts)
		return -1;
	for (; result->count < traces->count; result->count++) {
		struct verdict *verdict = &result->verdicts[result->count];

		judge_entry(check, &traces->entries[result->count], verdict);
		result->outcomes[verdict->outcome]++;
	}
	result->accepted = check->accepted;
	result->accepted_path = check->accepted_path;
	result->exit_code = exit_code(result->outcomes);
	return 0;
}

/* Writes every form that was asked for. -1: one was lost, said so. */
static int
write_all(const struct command *command, struct check *check, const struct options *options,
          const struct check_result *result)
{
	int failed = 0;

	if (options->json && write_check_json(stdout, result) < 0) {
		command_complain(command, "out of memory");
		failed = -1;
	}
	if (!options->json)
		write_check_text(stdout, result, options->color);
	if (check->is_github) /* GitHub reads both streams; JSON stays JSON */
		write_github(options->json ? stderr : stdout, result);
	if (command_finish(command, stdout) < 0)
		failed = -1;
	if (!check->junit)
		return failed;
	write_junit(check->junit, result);
	if ((ferror(check->junit) | fclose(check->junit)) != 0) {
		command_complain(command, "--junit %s: cannot be written: %s", check->junit_path,
		                 strerror(errno));
		failed = -1;
	}
	check->junit = NULL;
	return failed;
}

static int
check_operands(const struct command *command, struct check *check, const struct options *options)
{
	struct check_result result = { 0 };
	struct collect traces;
	int code = COMMAND_FAILED;

	if (collect_traces(&traces, options->operands, (size_t)options->operand_count) < 0 ||
	    judge_all(check, &traces, &result) < 0)
		command_complain(command, "out of memory");
	else if (write_all(command, check, options, &result) == 0)
		code = result.exit_code;
	for (size_t i = 0; i < result.count; i++)
		verdict_release(&result.verdicts[i]);
	free(result.verdicts);
	collect_release(&traces);
	return code;
}

static int
run_check(const struct command *command, int argc, char **argv)
{
	struct check check = { 0 };
	struct options options;
	enum options_result parsed = options_parse(command, argc, argv, &own_argp, &check, &options);
	int code = COMMAND_FAILED;

	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_DONE ? COMMAND_OK : COMMAND_FAILED;
	check.limits.profile = options.filter.profile;
	check.limits.snapshot = options.snapshot;
	check.limits.fill_minimum = options.filter.minimum ? options.filter.minimum : FILL_MINIMUM;
	if (validate(command, &check, &options) == 0 && read_accepted(command, &check) == 0 &&
	    open_junit(command, &check) == 0) {
		code = read_baseline(command, &check);
		if (code == COMMAND_OK)
			code = check_operands(command, &check, &options);
	}
	if (check.junit)
		fclose(check.junit);
	baseline_release(check.baseline);
	accepted_release(check.accepted);
	return code;
}

const struct command command_check = {
	.name = "check",
	.arguments = "TRACE|FOLDER... LIMIT... [OPTIONS]",
	.summary = "judge traces against limits, for CI",
	.help =
	"Of a folder every *.mtr in it is judged, not those of folders within. A trace is judged by "
	"each of its complete snapshots and the worst one counts, unless --snapshot names a label. "
	"A program that still runs or was killed is judged by the complete snapshots it left.\n\n"
	"Bytes that no proved map explains count as if they were all wrong: where they, or an "
	"estimate, could reach over a limit, the answer is 'cannot judge', which is no pass.\n\n"
	"Exit codes; of many traces the first that applies:\n"
	"  2  usage, a trace that cannot be read, output that cannot be written\n"
	"  1  over a limit\n"
	"  3  cannot judge: no complete snapshot (with that label), no trace in a\n"
	"     folder, or too much that is unexplained or estimated\n"
	"  0  all within all limits\n\n"
	"An --accepted file has one rule a line, # starts a comment:\n"
	"  profile \"libstdc++*\" and function \"SymbolTable::*\"\n"
	"  type \"std::unordered_map<unsigned int, *\"\n\n"
	"Examples:\n"
	"  maptrace check maptrace.server.812.mtr --max-retained 16M\n"
	"  maptrace check traces/ --max-retained-per-map 1M --junit maps.xml\n"
	"  maptrace check new.mtr --baseline old.mtr --max-growth 64K\n",
	.run = run_check,
};
