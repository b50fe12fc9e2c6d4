/*
 * `maptrace report`: what a trace says about its program's maps, as text or JSON. Also the place
 * where every command opens a trace and chooses the snapshot it is about, so that all fail alike.
 */
#include "analyzer/collect.h"
#include "analyzer/command.h"
#include "analyzer/summary.h"
#include "analyzer/write_json.h"
#include "analyzer/write_text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static void
complain_about_label(const struct command *command, const struct model *model, const char *path,
		     const char *label)
{
	enum { LABELS = 8 };
	char known[LABELS * (TRACE_NAME_MAX + 4)] = "";
	uint32_t shown = 0;

	for (uint32_t i = 0; i < model->snapshot_count && shown < LABELS; i++) {
		const struct model_snapshot *snapshot = &model->snapshots[i];
		size_t length = strlen(known);

		if (snapshot->is_complete) {
			snprintf(known + length, sizeof known - length, "%s\"%s\"",
				 shown ? ", " : "", snapshot->rows->info.label);
			shown++;
		}
	}
	if (shown)
		command_complain(command, "%s has no complete snapshot \"%s\"; it has %s", path,
				 label, known);
	else
		command_complain(command, "%s has no complete snapshot at all (asked for: \"%s\")",
				 path, label);
}

struct model *
command_open(const struct command *command, const struct options *options, const char *path)
{
	struct trace_error error;
	struct model *model = model_open(path, &error);

	if (!model) {
		command_complain(command, "%s", error.message);
		return NULL;
	}
	model->without_names = options->without_names;
	if (options->snapshot && model_select(model, options->snapshot)) {
		complain_about_label(command, model, path, options->snapshot);
		model_close(model);
		return NULL;
	}
	return model;
}

int
command_finish(const struct command *command, FILE *out)
{
	if (fflush(out) == 0 && !ferror(out))
		return 0;
	command_complain(command, "the output could not be written: %s", strerror(errno));
	return -1;
}

int
command_print_report(const struct command *command, struct model *model,
		     const struct options *options, FILE *out)
{
	int result = options->json ? write_json(model, &options->filter, out)
				   : write_text(model, options, out);

	if (result) {
		command_complain(command, "not enough memory for the report of %s",
				 model->trace->path);
		return COMMAND_FAILED;
	}
	return command_finish(command, out) ? COMMAND_FAILED : COMMAND_OK;
}

int
command_report_on(const struct command *command, const struct options *options, const char *path,
		  const char *into)
{
	struct model *model = command_open(command, options, path);
	FILE *out = into ? fopen(into, "we") : stdout;
	int code = COMMAND_FAILED;

	if (!out)
		command_complain(command, "--report %s: cannot be written: %s", into,
				 strerror(errno));
	else if (model)
		code = command_print_report(command, model, options, out);
	if (into && out && fclose(out) != 0) {
		command_complain(command, "--report %s: cannot be written: %s", into,
				 strerror(errno));
		code = COMMAND_FAILED;
	}
	if (model)
		model_close(model);
	return code;
}

static int
run(const struct command *command, int argc, char **argv)
{
	struct options options;
	enum options_result parsed = options_parse(command, argc, argv, NULL, NULL, &options);
	struct collect traces;
	int result = COMMAND_FAILED;

	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_DONE ? COMMAND_OK : COMMAND_FAILED;
	if (options.operand_count == 0) {
		command_complain(command, "which trace? Give a file (maptrace.PROGRAM.PID.mtr), "
					  "many, or a folder of them");
		return COMMAND_FAILED;
	}
	if (collect_traces(&traces, options.operands, (size_t)options.operand_count)) {
		command_complain(command, "out of memory");
		return COMMAND_FAILED;
	}
	if (traces.count == 1 && !traces.entries[0].is_empty_folder &&
	    !traces.entries[0].errno_value)
		result = command_report_on(command, &options, traces.entries[0].path, NULL);
	else
		result = summary_print(command, &options, &traces, stdout);
	collect_release(&traces);
	return result;
}

const struct command command_report = {
    .name = "report",
    .arguments = "[OPTIONS] TRACE|FOLDER...",
    .summary = "what the maps of a program retain, where they were made, what gives it back",
    .help = "Judges the complete snapshot that retains most, or the one that --snapshot names. "
	    "Leads with the total retained and the worst maps; then the heap by role at its peak, "
	    "in the snapshot and now; then why the heap fell between snapshots, in parts that add "
	    "up; then what each remedy would give.\n\n"
	    "Of many traces, or a folder of them, it prints a line each, the worst first.\n\n"
	    "A trace of a program that still runs, or was killed, can be read as well. --json "
	    "prints every snapshot with exact bytes (schema maptrace/1).",
    .run = run,
};
