/*
 * `maptrace go`: real Go programs. They never call malloc, and static ones load no library, so they
 * are looked at from outside: a running process, one that is launched for it, or a core file. Each
 * way ends in a trace as any other, and in a report on it.
 */
#include "analyzer/go.h"

#include "analyzer/variables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	KEY_OUTPUT = 'o',
	KEY_CORE = 0x4000,
	KEY_EXE,
	KEY_REPORT,
	KEY_LABEL,
	KEY_BUDGET,
	KEY_EVERY,
};

static const struct argp_option own[] = {
    {"core", KEY_CORE, "FILE", 0, "Read this core file; --exe says of which program", 0},
    {"exe", KEY_EXE, "PROGRAM", 0, "The executable that the core is of", 0},
    {"output", KEY_OUTPUT, "PATH", 0,
     "Where the trace goes: a folder, or a name with %p (process id) "
     "and %n (program); else MAPTRACE_OUT",
     0},
    {"report", KEY_REPORT, "FILE", 0, "Write the report to FILE, apart from the program's output",
     0},
    {"label", KEY_LABEL, "NAME", 0, "The snapshot's name (default: request, or core)", 0},
    {"every", KEY_EVERY, "SECONDS", 0, "run: take a snapshot again and again", 0},
    {"budget", KEY_BUDGET, "SECONDS", 0,
     "Longest time to look for maps in one snapshot (default: 60)", 0},
    {0},
};

enum { BUDGET_S = 60 };

static double
seconds(struct argp_state *state, const char *option, const char *argument)
{
	char *end;
	double value = strtod(argument, &end);

	if (end == argument || *end || !(value > 0 && value < 1e9))
		argp_error(state, "%s: '%s' is no number of seconds", option, argument);
	return value;
}

static error_t
parse_argument(struct go *go, char *argument, struct argp_state *state)
{
	if (!go->is_run && !go->pid && strcmp(argument, "run") == 0) {
		go->is_run = true;
	} else if (go->is_run) { /* all that follows belongs to the program */
		go->arguments = state->argv + state->next - 1;
		state->next = state->argc;
	} else if (go->pid) {
		argp_error(state, "one process at a time: '%s' is too many", argument);
	} else {
		go->pid = argument;
	}
	return 0;
}

static error_t
parse_own(int key, char *argument, struct argp_state *state)
{
	struct go *go = state->input;

	switch (key) {
	case KEY_OUTPUT:
		go->place = argument;
		return 0;
	case KEY_REPORT:
		go->report = argument;
		return 0;
	case KEY_LABEL:
		go->label = argument;
		return 0;
	case KEY_CORE:
		go->core = argument;
		return 0;
	case KEY_EXE:
		go->program = argument;
		return 0;
	case KEY_BUDGET:
		go->budget_ns = (uint64_t)(seconds(state, "--budget", argument) * 1e9);
		return 0;
	case KEY_EVERY:
		go->every_s = seconds(state, "--every", argument);
		return 0;
	case ARGP_KEY_ARG:
		return parse_argument(go, argument, state);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp own_argp = {.options = own, .parser = parse_own};

int
go_tell(const struct go *go, struct go_look *look, const struct go_moment *moment, pid_t pid,
	uint64_t age_ns)
{
	char error[GO_TRACE_ERROR_SIZE];
	struct go_trace trace;
	int code = COMMAND_FAILED;

	if (go_trace_create(&trace, go->place, pid, look->program, error) != 0) {
		command_complain(go->command, "%s", error);
		goto out;
	}
	go_trace_start(&trace, age_ns);
	if (go_trace_add(&trace, moment, look->file.path, &look->input, &look->result) != 0) {
		command_complain(go->command, "%s cannot be written: %s", trace.writer.path,
				 strerror(errno));
		goto out;
	}
	command_complain(go->command, "the trace is %s", trace.writer.path);
	trace_end(&trace.writer, TRACE_ENDED);
	code = command_report_on(go->command, &go->options, trace.writer.path, go->report);
out:
	go_trace_close(&trace);
	return code;
}

static int
choose(struct go *go)
{
	if (go->core && (go->pid || go->is_run)) {
		command_complain(go->command, "a core file or a process, not both");
		return COMMAND_FAILED;
	}
	if (go->core && !go->program) {
		command_complain(go->command, "of which program is %s? Name it by --exe PROGRAM",
				 go->core);
		return COMMAND_FAILED;
	}
	if (go->core)
		return go_core(go);
	if (go->is_run && !go->arguments) {
		command_complain(go->command,
				 "which program? `maptrace go run -- ./program arguments`");
		return COMMAND_FAILED;
	}
	if (go->is_run)
		return go_run(go);
	if (go->pid)
		return go_attach(go);
	command_complain(go->command,
			 "which program? `maptrace go PID`, `maptrace go run -- PROGRAM` "
			 "or `maptrace go --core FILE --exe PROGRAM`");
	return COMMAND_FAILED;
}

static int
run_go(const struct command *command, int argc, char **argv)
{
	struct go go = {.command = command, .budget_ns = BUDGET_S * UINT64_C(1000000000)};
	enum options_result parsed =
	    options_parse(command, argc, argv, &own_argp, &go, &go.options);

	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_DONE ? COMMAND_OK : COMMAND_FAILED;
	if (!variables_are_known(command))
		return COMMAND_FAILED;
	return choose(&go);
}

const struct command command_go = {
    .name = "go",
    .arguments = "[OPTIONS] PID | run -- PROGRAM [ARGUMENT...] | --core FILE --exe PROGRAM",
    .summary = "look at the maps of a real Go program, then report",
    .help =
	"Go programs never call malloc, so they are read from outside, without a change to them: "
	"stripped, static, position-independent and cgo programs of Go 1.19 to 1.26 on x86-64.\n\n"
	"PID: stops the process, copies its memory, lets it go on, and then looks for maps in the "
	"copy. It needs what a debugger needs (same user and ptrace_scope 0, or root).\n"
	"run: starts the program and takes a snapshot when it exits (os.Exit and fatal signals "
	"included, SIGKILL not), every --every SECONDS, and when asked: `maptrace snapshot PID` or "
	"`maptrace snapshot TRACE` from another terminal. The exit code is the program's own.\n"
	"--core: reads a core file (gcore, or a crash with GOTRACEBACK=crash and ulimit -c "
	"unlimited).\n\n"
	"Each leaves a trace for report, check, maps and map. Exits 2 where the program could not "
	"be looked at, 3 where it is no Go program or of a release that is not known.\n\n"
	"Examples:\n"
	"  maptrace go 4711\n"
	"  maptrace go run -- ./server --port 8080\n"
	"  maptrace go --core core.4711 --exe ./server --json\n",
    .run = run_go,
};
