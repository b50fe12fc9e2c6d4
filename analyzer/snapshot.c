/*
 * `maptrace snapshot PID`: asks a traced process for a snapshot while it runs, waits for it and
 * reports on it. The request is a word in the trace (trace/request.h), so no ptrace is needed, and
 * whatever forbids ptrace does not matter.
 *
 * The library has no thread of its own: it answers at the process's next malloc or free. A process
 * that makes none is told as such after the time limit; the request stays, and the next event takes
 * it.
 */
#include "analyzer/clock.h"
#include "analyzer/command.h"
#include "analyzer/live.h"
#include "trace/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { KEY_LABEL = 0x3000, KEY_WAIT, WAIT_S = 10, NAP_FIRST_NS = 1000000, NAP_MAX_NS = 100000000 };

struct asking {
	const struct command *command;
	const char *label;   /* --label */
	double wait_s;       /* --wait; 0: ask and leave */
	char path[PATH_MAX]; /* the trace */
	uint32_t pid;        /* of the process; 0: only the trace was named */
	struct trace_request request;
	double end; /* of the waiting, in seconds of the monotonic clock */
};

static const struct argp_option own[] = {
    {"label", KEY_LABEL, "NAME", 0, "The snapshot's name (default: request)", 0},
    {"wait", KEY_WAIT, "SECONDS", 0,
     "Longest time to wait for it (default: 10); 0: ask, and do not wait", 0},
    {0},
};

static error_t
parse_own(int key, char *argument, struct argp_state *state)
{
	struct asking *asking = state->input;
	char *end;

	switch (key) {
	case KEY_LABEL:
		asking->label = argument;
		return 0;
	case KEY_WAIT:
		asking->wait_s = strtod(argument, &end);
		if (end == argument || *end || !(asking->wait_s >= 0 && asking->wait_s < 1e9))
			argp_error(state, "--wait: '%s' is no number of seconds", argument);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp own_argp = {.options = own, .parser = parse_own};

/* A process id, or the path of a trace. */
static int
find_trace(struct asking *asking, const char *operand)
{
	char error[PATH_MAX + 512], *end;
	unsigned long pid;

	errno = 0;
	pid = strtoul(operand, &end, 10);
	if (*end || end == operand || operand[0] == '-') {
		snprintf(asking->path, sizeof(asking->path), "%s", operand);
		return 0;
	}
	if (errno || pid == 0 || pid > INT_MAX) {
		command_complain(asking->command, "%s is no process id", operand);
		return -1;
	}
	asking->pid = (uint32_t)pid;
	if (live_find_trace(asking->pid, asking->path, error, sizeof(error)) == 0)
		return 0;
	command_complain(asking->command, "%s", error);
	return -1;
}

static void
complain_about_file(const struct asking *asking, int why)
{
	if (why == EPROTO)
		command_complain(asking->command, "%s is no trace of this version of maptrace",
				 asking->path);
	else if (why == EACCES || why == EPERM || why == EROFS)
		command_complain(
		    asking->command,
		    "%s may not be written to, and that is how a snapshot is asked for: "
		    "%s; ask as its owner or as root",
		    asking->path, strerror(why));
	else
		command_complain(asking->command, "%s cannot be opened: %s", asking->path,
				 strerror(why));
}

/* Whether anybody is there to answer; says so if not. */
static int
check_guest(struct asking *asking)
{
	const struct trace_header *header = asking->request.header;

	if (header->end == TRACE_ENDED)
		command_complain(asking->command, "the process of %s has ended", asking->path);
	else if (header->end != TRACE_RUNNING)
		command_complain(asking->command,
				 "the library stopped tracing in that process: %.*s",
				 (int)sizeof(header->notice), header->notice);
	else
		return 0;
	return -1;
}

static int
place(struct asking *asking)
{
	if (trace_request_place(&asking->request, asking->path, asking->label) != 0) {
		complain_about_file(asking, errno);
		return -1;
	}
	return check_guest(asking);
}

static void
complain_about_silence(const struct asking *asking)
{
	uint32_t pid = asking->pid ? asking->pid : asking->request.header->pid;
	char state = live_state(pid);
	const char *why =
	    "it called neither malloc nor free (it waits, computes, or uses an allocator "
	    "of its own)";

	if (state == 'X' || state == 'Z') {
		command_complain(asking->command, "process %u has ended", pid);
		return;
	}
	if (state == 'T')
		why = "it is stopped (SIGSTOP or job control): let it go on with kill -CONT";
	else if (state == 't')
		why = "a debugger holds it";
	else if (state == 'D')
		why = "it waits in the kernel (disk or network file system)";
	command_complain(
	    asking->command,
	    "no answer from process %u within %g s: %s. The request stays: its next malloc "
	    "or free takes the snapshot, which `maptrace report --snapshot %s %s` then shows",
	    pid, asking->wait_s, why, asking->label, asking->path);
}

static void
nap(long *nanoseconds)
{
	struct timespec time = {0, *nanoseconds};

	nanosleep(&time, NULL);
	*nanoseconds = *nanoseconds * 2 < NAP_MAX_NS ? *nanoseconds * 2 : NAP_MAX_NS;
}

/* Waits until the library has taken it. */
static int
wait_for_answer(struct asking *asking)
{
	long pause = NAP_FIRST_NS;

	while (!trace_request_is_answered(&asking->request)) {
		if (clock_seconds() >= asking->end) {
			complain_about_silence(asking);
			return -1;
		}
		if (check_guest(asking) < 0)
			return -1;
		nap(&pause);
	}
	return 0;
}

/* The first snapshot on request since ours was placed; NULL: there is none. */
static struct model_snapshot *
answer(const struct asking *asking, struct model *model)
{
	for (uint32_t i = asking->request.snapshots_before; i < model->snapshot_count; i++)
		if (model->snapshots[i].rows->info.cause == TRACE_CAUSE_REQUEST)
			return &model->snapshots[i];
	return NULL;
}

static int
report_answer(const struct asking *asking, struct options *options, struct model *model,
	      struct model_snapshot *found)
{
	const struct trace_snapshot *info = &found->rows->info;

	if (!found->is_complete) {
		command_complain(
		    asking->command, "%s has a snapshot \"%s\" now, but an incomplete one: %s",
		    asking->path, info->label,
		    info->state == TRACE_SNAPSHOT_CUT ? info->reason : "it is still being written");
		return COMMAND_FAILED;
	}
	model->judged = found;
	model->is_judged_by_name = true;
	options->snapshot = info->label;
	return command_print_report(asking->command, model, options, stdout);
}

/* Its writer is a child of the guest and may work on while the guest runs. */
static int
wait_and_report(struct asking *asking, struct options *options)
{
	long pause = NAP_FIRST_NS;
	int result = COMMAND_FAILED;

	for (;;) {
		bool is_late = clock_seconds() >= asking->end;
		struct model *model = command_open(asking->command, options, asking->path);
		struct model_snapshot *found = model ? answer(asking, model) : NULL;
		bool is_done = !model || !found || is_late ||
			       found->rows->info.state != TRACE_SNAPSHOT_BEGUN;

		if (model && !found)
			command_complain(asking->command, "the snapshot could not be taken: %.*s",
					 (int)sizeof(model->trace->header.notice),
					 model->trace->header.notice);
		else if (model && is_done)
			result = report_answer(asking, options, model, found);
		model_close(model);
		if (is_done)
			return result;
		nap(&pause);
	}
}

static int
ask(struct asking *asking, struct options *options)
{
	int result = COMMAND_FAILED;

	if (find_trace(asking, options->operands[0]) < 0)
		return COMMAND_FAILED;
	asking->end = clock_seconds() + asking->wait_s;
	if (place(asking) == 0) {
		command_complain(asking->command, "the trace is %s", asking->path);
		if (asking->wait_s == 0)
			result = COMMAND_OK;
		else if (wait_for_answer(asking) == 0)
			result = wait_and_report(asking, options);
	}
	trace_request_release(&asking->request);
	return result;
}

static int
run(const struct command *command, int argc, char **argv)
{
	static struct asking asking; /* the path is long */
	struct options options;
	enum options_result parsed;

	asking = (struct asking){.command = command, .label = "request", .wait_s = WAIT_S};
	parsed = options_parse(command, argc, argv, &own_argp, &asking, &options);
	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_DONE ? COMMAND_OK : COMMAND_FAILED;
	if (options.operand_count != 1 || options.snapshot) {
		command_complain(
		    command,
		    options.snapshot
			? "--snapshot chooses among those that are there; --label names this one"
			: "which process? `maptrace snapshot PID`, or the trace that it writes");
		return COMMAND_FAILED;
	}
	return ask(&asking, &options);
}

const struct command command_snapshot = {
    .name = "snapshot",
    .arguments = "[OPTIONS] PID|TRACE",
    .summary = "ask a traced process for a snapshot now, and report on it",
    .help = "The process goes on; it stands still for a fork only. It must run under the library "
	    "(or `maptrace go run`): "
	    "the request is a word in its trace, which the library looks at when the process calls "
	    "malloc or free. Neither ptrace nor a signal is used. Under `maptrace go run` that "
	    "command answers at once. A process that calls neither is told "
	    "as such after --wait seconds; the request stays, and its next call takes the "
	    "snapshot.\n\n"
	    "Examples:\n"
	    "  maptrace snapshot $(pidof redis-server)\n"
	    "  maptrace snapshot --label loaded --json 4711 > loaded.json\n"
	    "  maptrace snapshot --wait 0 4711     only ask; the next event takes it\n",
    .run = run,
};
