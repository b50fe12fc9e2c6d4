/*
 * `maptrace run -- PROGRAM`: runs a program under the library, then reports on its trace.
 *
 * The rule that must never break: the program runs as it would without us. Its standard streams,
 * its folder, its signals and its exit code are its own; only LD_PRELOAD and MAPTRACE_OUT are new.
 */
#include "analyzer/clock.h"
#include "analyzer/command.h"
#include "analyzer/launch.h"
#include "analyzer/library.h"
#include "analyzer/program.h"
#include "analyzer/run_help.h"
#include "analyzer/run_traces.h"
#include "analyzer/variables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	KEY_OUTPUT = 'o',
	KEY_LIBRARY = 0x2000,
	KEY_REPORT,
	OTHERS_SHOWN = 8,
	EXIT_NOT_EXECUTABLE = 126,
	EXIT_MISSING = 127,
	EXIT_SIGNAL = 128
};

struct run {
	const char *place;   /* -o */
	const char *library; /* --library */
	const char *report;  /* --report */
	char **program;      /* its name and arguments, within argv */
};

static const struct argp_option own[] = {
    {"output", KEY_OUTPUT, "PATH", 0,
     "Where traces go: a folder, or a name with %p (process id) "
     "and %n (program); else MAPTRACE_OUT",
     0},
    {"library", KEY_LIBRARY, "PATH", 0, "The libmaptrace.so to load", 0},
    {"report", KEY_REPORT, "FILE", 0, "Write the report to FILE, apart from the program's output",
     0},
    {0},
};

static error_t
parse_own(int key, char *argument, struct argp_state *state)
{
	struct run *run = state->input;

	switch (key) {
	case KEY_OUTPUT:
		run->place = argument;
		return 0;
	case KEY_LIBRARY:
		run->library = argument;
		return 0;
	case KEY_REPORT:
		run->report = argument;
		return 0;
	case ARGP_KEY_ARG: /* all that follows belongs to the program */
		run->program = state->argv + state->next - 1;
		state->next = state->argc;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp own_argp = {.options = own, .parser = parse_own};

static void
list_others(const struct command *command, const struct run_traces *traces)
{
	if (traces->count == 0)
		return;
	command_complain(command, "%zu other process%s left traces:", traces->count,
			 traces->count == 1 ? "" : "es");
	for (size_t i = 0; i < traces->count && i < OTHERS_SHOWN; i++)
		fprintf(stderr, "    %s\n", traces->others[i]);
	if (traces->count > OTHERS_SHOWN)
		fprintf(stderr, "    and %zu more\n", traces->count - OTHERS_SHOWN);
}

/* Reports on what the run left. Returns enum command_exit. */
static int
report_run(const struct command *command, const struct run *run, const struct options *options,
	   const struct run_traces *traces, const struct program *program)
{
	int code = COMMAND_OK;

	if (traces->own) {
		run_traces_settle(traces->own);
		command_complain(command, "the trace is %s", traces->own);
		code = command_report_on(command, options, traces->own, run->report);
	} else if (program->kind == PROGRAM_TRACEABLE) {
		command_complain(command,
				 "%s left no trace: it used no map that a profile knows (such a "
				 "trace is removed unless MAPTRACE_KEEP=1 is set), was excluded by "
				 "MAPTRACE_ONLY, or the library said above why it could not trace",
				 program->path);
	}
	list_others(command, traces);
	return code;
}

static int
start_failure(const struct command *command, const struct program *program, int why)
{
	char sentence[2 * PATH_MAX + 256];

	if (program->kind == PROGRAM_TRACEABLE ||
	    !program_explain(program, sentence, sizeof(sentence)))
		command_complain(command, "%s cannot be started: %s", program->path, strerror(why));
	else
		command_complain(command, "%s", sentence);
	return program->kind == PROGRAM_MISSING || why == ENOENT ? EXIT_MISSING
								 : EXIT_NOT_EXECUTABLE;
}

/* Says beforehand that nothing will come of tracing this program, if so. */
static void
warn_untraceable(const struct command *command, const struct program *program)
{
	char sentence[2 * PATH_MAX + 256];

	/* what is unknown will not start, and is told then */
	if (program->kind != PROGRAM_TRACEABLE && program->kind != PROGRAM_UNKNOWN &&
	    program_explain(program, sentence, sizeof(sentence)))
		command_complain(command, "not traced, except for what it starts: %s", sentence);
}

static int
exit_status(int status)
{
	return WIFSIGNALED(status) ? EXIT_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Runs the program with everything prepared; returns the exit code. */
static int
run_program(const struct command *command, const struct run *run, const struct options *options,
	    const char *pattern)
{
	struct run_traces traces = {0};
	struct program program;
	uint64_t start_ns;
	pid_t pid;
	int status = 0, why, code;

	program_examine(run->program[0], &program);
	if (program.kind == PROGRAM_MISSING || program.kind == PROGRAM_NOT_EXECUTABLE)
		return start_failure(command, &program, 0);
	warn_untraceable(command, &program);
	start_ns = clock_now_ns(CLOCK_REALTIME);
	why = launch_and_wait(program.path, run->program, NULL, &pid, &status);
	if (why)
		return start_failure(command, &program, why);
	if (run_traces_find(&traces, pattern, pid, start_ns) < 0) {
		command_complain(command, "out of memory");
		return COMMAND_FAILED;
	}
	code = report_run(command, run, options, &traces, &program);
	run_traces_release(&traces);
	return exit_status(status) ? exit_status(status) : code;
}

/* Finds the library, prepares the environment and runs; returns the exit code. */
static int
prepare_and_run(const struct command *command, const struct run *run, const struct options *options)
{
	const char *place = run->place ? run->place : getenv("MAPTRACE_OUT");
	char error[2 * PATH_MAX];
	char *library = library_find(run->library, error, sizeof(error));
	char *pattern = NULL;
	int code = COMMAND_FAILED;

	if (!library) {
		command_complain(command, "%s", error);
		return COMMAND_FAILED;
	}
	pattern = run_traces_pattern(place && *place ? place : NULL);
	if (pattern && library_prepare(library, pattern) == 0)
		code = run_program(command, run, options, pattern);
	else
		command_complain(command, "traces cannot be placed at %s: %s",
				 place && *place ? place : "the working directory",
				 strerror(errno));
	free(library);
	free(pattern);
	return code;
}

static int
run_run(const struct command *command, int argc, char **argv)
{
	struct command described = *command;
	struct run run = {0};
	struct options options;
	enum options_result parsed;
	char *help = run_help_compose(command->help);

	described.help = help ? help : command->help;
	parsed = options_parse(&described, argc, argv, &own_argp, &run, &options);
	free(help);
	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_DONE ? COMMAND_OK : COMMAND_FAILED;
	if (!run.program) {
		command_complain(command, "which program? `maptrace run -- ./program arguments`");
		return COMMAND_FAILED;
	}
	if (!variables_are_known(command))
		return COMMAND_FAILED;
	return prepare_and_run(command, &run, &options);
}

const struct command command_run = {
    .name = "run",
    .arguments = "[OPTIONS] -- PROGRAM [ARGUMENT...]",
    .summary = "run a program under the library, then report",
    .help =
	"Sets LD_PRELOAD and MAPTRACE_OUT, runs the program and reports on its trace; children get "
	"traces of their own, which are named at the end. The exit code is the program's own, 128 "
	"plus the signal that ended it, 127 where there is no such program, 126 where it cannot be "
	"executed; 2 where maptrace itself failed and the program did not.\n\n"
	"Examples:\n"
	"  maptrace run -- ./server --port 8080\n"
	"  maptrace run -o traces/ -- make check\n"
	"  maptrace run --json --report maps.json -- ./program\n",
    .run = run_run,
};
