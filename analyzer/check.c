/*
 * `maptrace check`: the gate. Judges traces against limits and says so by its exit code, in words,
 * and in the forms that CI servers read.
 *
 * The rule that must never break: only what was judged and found within every limit exits 0. Of
 * many traces the exit code tells the worst: unreadable (2) before over (1) before cannot judge
 * (3).
 */
#include "analyzer/baseline.h"
#include "analyzer/check_options.h"
#include "analyzer/collect.h"
#include "analyzer/command.h"
#include "analyzer/progress.h"
#include "analyzer/write_check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A check under way. */
struct check {
	const struct command *command;
	struct check_options asked;
	struct accepted *accepted;
	struct baseline *baseline;
	FILE *junit;
};

static bool
is_accepted(void *context, struct model *model, const struct model_map *map)
{
	return accepted_matches(context, map->profile_name, model_map_names(model, map),
				map->name);
}

/* Bytes that no map explains have functions, and a profile unless the program itself told their
 * role, but no type and no name. */
static bool
is_accepted_stack(void *context, struct model *model, uint32_t stack)
{
	uint32_t profile = model->trace->stacks[stack].profile;
	struct model_names names = {0};

	names.frames = model_stack_frames(model, stack, &names.frame_count);
	return accepted_matches(context,
				profile == TRACE_NONE ? "" : model->trace->profiles[profile].name,
				&names, NULL);
}

static int
read_accepted(struct check *check)
{
	struct accepted_error error;

	if (!check->asked.accepted_path)
		return 0;
	check->accepted = accepted_read(check->asked.accepted_path, &error);
	if (!check->accepted) {
		if (error.line)
			command_complain(check->command, "%s:%zu:%zu: %s",
					 check->asked.accepted_path, error.line, error.column,
					 error.message);
		else
			command_complain(check->command, "%s %s", check->asked.accepted_path,
					 error.message);
		return -1;
	}
	check->asked.limits.leaves_out = is_accepted;
	check->asked.limits.leaves_out_stack = is_accepted_stack;
	check->asked.limits.context = check->accepted;
	return 0;
}

/* Returns enum command_exit: a baseline that cannot be judged makes growth impossible to judge. */
static int
read_baseline(struct check *check)
{
	struct trace_error error = {0};
	struct model *model;

	if (!check->asked.baseline_path)
		return COMMAND_OK;
	model = model_open(check->asked.baseline_path, &error);
	if (model)
		model->without_names = check->asked.limits.without_names;
	if (!model) {
		command_complain(check->command, "baseline: %s", error.message);
		return COMMAND_FAILED;
	}
	if (model_select(model, check->asked.limits.snapshot) < 0) {
		command_complain(check->command,
				 "baseline %s: it has no complete snapshot%s%s%s, so growth "
				 "cannot be judged",
				 check->asked.baseline_path,
				 check->asked.limits.snapshot ? " labelled '" : "",
				 check->asked.limits.snapshot ? check->asked.limits.snapshot : "",
				 check->asked.limits.snapshot ? "'" : "");
		model_close(model);
		return COMMAND_UNJUDGED;
	}
	check->baseline = limits_use_baseline(&check->asked.limits, model);
	model_close(model);
	if (check->baseline)
		return COMMAND_OK;
	command_complain(check->command, "baseline %s: out of memory", check->asked.baseline_path);
	return COMMAND_FAILED;
}

static int
open_junit(struct check *check)
{
	if (!check->asked.junit_path)
		return 0;
	check->junit = fopen(check->asked.junit_path, "we");
	if (check->junit)
		return 0;
	command_complain(check->command, "--junit %s: cannot be written: %s",
			 check->asked.junit_path, strerror(errno));
	return -1;
}

static void
judge_entry(const struct check *check, const struct collect_entry *entry, struct verdict *verdict)
{
	char problem[256];

	if (entry->errno_value) {
		snprintf(problem, sizeof(problem), "the folder %.128s cannot be read: %s",
			 entry->path, strerror(entry->errno_value));
		verdict_without_trace(verdict, entry->path, VERDICT_UNREADABLE, problem);
	} else if (entry->is_empty_folder && check->asked.allows_empty) {
		verdict_without_trace(verdict, entry->path, VERDICT_WITHIN,
				      "the folder holds no trace, which --allow-empty permits");
	} else if (entry->is_empty_folder) {
		verdict_without_trace(
		    verdict, entry->path, VERDICT_UNJUDGED,
		    "the folder holds no trace (*.mtr). Traces of programs that used "
		    "no map are removed unless MAPTRACE_KEEP=1 is set; --allow-empty "
		    "lets such a folder pass");
	} else {
		verdict_reach(verdict, entry->path, &check->asked.limits);
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
	struct progress progress;

	result->verdicts = calloc(traces->count + 1, sizeof(result->verdicts[0]));
	if (!result->verdicts)
		return -1;
	progress_begin(&progress, check->command->name, traces->count);
	for (; result->count < traces->count; result->count++) {
		struct verdict *verdict = &result->verdicts[result->count];

		judge_entry(check, &traces->entries[result->count], verdict);
		result->outcomes[verdict->outcome]++;
		if (verdict->outcome == VERDICT_UNREADABLE) {
			progress_clear(&progress);
			command_complain(check->command, "%s",
					 verdict->problem ? verdict->problem : "out of memory");
		}
		progress_tell(&progress, result->count + 1);
	}
	progress_clear(&progress);
	result->accepted = check->accepted;
	result->accepted_path = check->asked.accepted_path;
	result->exit_code = exit_code(result->outcomes);
	return 0;
}

/* Writes every form that was asked for. -1: one was lost, said so. */
static int
write_all(struct check *check, const struct check_result *result)
{
	bool is_lost;
	int failed = 0;

	if (check->asked.shared.json && write_check_json(stdout, result) < 0) {
		command_complain(check->command, "out of memory");
		failed = -1;
	}
	if (!check->asked.shared.json)
		write_check_text(stdout, result, check->asked.shared.color);
	if (check->asked.is_github) /* GitHub reads both streams; JSON stays JSON */
		write_github(check->asked.shared.json ? stderr : stdout, result);
	if (command_finish(check->command, stdout) < 0)
		failed = -1;
	if (!check->junit)
		return failed;
	write_junit(check->junit, result);
	is_lost = ferror(check->junit) != 0;
	is_lost |= fclose(check->junit) != 0;
	if (is_lost) {
		command_complain(check->command, "--junit %s: cannot be written: %s",
				 check->asked.junit_path, strerror(errno));
		failed = -1;
	}
	check->junit = NULL;
	return failed;
}

static int
check_operands(struct check *check)
{
	struct check_result result = {0};
	struct collect traces;
	int code = COMMAND_FAILED;

	if (collect_traces(&traces, check->asked.shared.operands,
			   (size_t)check->asked.shared.operand_count) < 0 ||
	    judge_all(check, &traces, &result) < 0)
		command_complain(check->command, "out of memory");
	else if (write_all(check, &result) == 0)
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
	struct check check = {.command = command};
	enum options_result parsed = check_options_parse(command, argc, argv, &check.asked);
	int code = COMMAND_FAILED;

	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_DONE ? COMMAND_OK : COMMAND_FAILED;
	if (read_accepted(&check) == 0 && open_junit(&check) == 0) {
		code = read_baseline(&check);
		if (code == COMMAND_OK)
			code = check_operands(&check);
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
	"Of a folder every *.mtr in it is judged, not those of folders within. A trace is judged "
	"by "
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
	"  profile libstdcxx* and function SymbolTable::*\n"
	"  type \"std::unordered_map<unsigned int, *\"\n"
	"  name \"route cache\"\n\n"
	"Examples:\n"
	"  maptrace check maptrace.server.812.mtr --max-retained 16M\n"
	"  maptrace check traces/ --max-retained-per-map 1M --junit maps.xml\n"
	"  maptrace check new.mtr --baseline old.mtr --max-growth 64K\n",
    .run = run_check,
};
