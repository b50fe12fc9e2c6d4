/*
 * `maptrace go run -- PROGRAM`: launches a Go program and looks at it at its exit and when asked.
 *
 *     this thread   traces the program, copies its memory while it stands still, lets it go on
 *     the reader    finds maps in the copy, writes the snapshot, answers the request
 *
 * The trace's header takes requests, as it does for the library: `maptrace snapshot` finds it
 * through the program's tracer. One look is read at a time; a request meanwhile waits.
 *
 * What must never break: the program never waits for the reader.
 */
#include "analyzer/clock.h"
#include "analyzer/follow.h"
#include "analyzer/go.h"
#include "analyzer/go_file.h"
#include "analyzer/launch.h"
#include "analyzer/program.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { EXIT_NOT_EXECUTABLE = 126, EXIT_MISSING = 127, EXIT_SIGNAL = 128 };

/* A look on its way from the copy to the trace. */
struct job {
	struct go_look look;
	struct go_moment moment;
	char label[TRACE_NAME_MAX];
	uint32_t request; /* number that it answers, or 0 */
	int result;
	bool is_copied;   /* else `error` says why not */
	char error[GO_LOOK_ERROR_SIZE];
};

struct running {
	const struct go *go;
	struct follow follow;
	struct go_trace trace;
	bool has_trace;
	char error[GO_TRACE_ERROR_SIZE]; /* why there is none */
	uint64_t start_ns, last_ns;      /* of the program; of the last look */
	struct job now, last;            /* read while the program runs; after its end */
	bool has_last, is_reading;
	bool is_read; /* atomic: the reader is done with `now` */
	uint32_t taken; /* snapshots that were written */
	pthread_t reader;
};

/* ---- the reader */

static void
read_job(struct running *running, struct job *job)
{
	job->result = job->is_copied
	    ? go_look_read(&job->look, running->go->budget_ns, job->error) : -1;
	if (job->result == 0 && go_trace_add(&running->trace, &job->moment, job->look.file.path,
					     &job->look.input, &job->look.result) != 0) {
		snprintf(job->error, sizeof(job->error), "the snapshot cannot be written: %s",
			 strerror(errno));
		job->result = -1;
	}
	if (job->result != 0)
		trace_notice(&running->trace.writer, job->error);
	if (job->request)
		__atomic_store_n(&running->trace.writer.header->requests_answered, job->request,
				 __ATOMIC_RELEASE);
}

static void *
reader_main(void *context)
{
	struct running *running = context;

	read_job(running, &running->now);
	__atomic_store_n(&running->is_read, true, __ATOMIC_RELEASE);
	return NULL;
}

static void
tell_job(struct running *running, struct job *job)
{
	if (job->result == 0)
		running->taken++;
	else
		command_complain(running->go->command, "snapshot \"%s\" was not taken: %s",
				 job->label, job->error);
	go_look_close(&job->look);
}

/* Signals are this thread's: the reader sleeps through them. */
static void
start_reader(struct running *running)
{
	sigset_t all, before;

	running->is_read = false;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	running->is_reading =
	    pthread_create(&running->reader, NULL, reader_main, running) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!running->is_reading) { /* then the program does wait */
		read_job(running, &running->now);
		tell_job(running, &running->now);
	}
}

static void
finish_reader(struct running *running)
{
	if (!running->is_reading)
		return;
	pthread_join(running->reader, NULL);
	running->is_reading = false;
	tell_job(running, &running->now);
}

/* ---- what follow.c calls */

static void
became(void *context, pid_t pid)
{
	struct running *running = context;
	char program[PATH_MAX];

	if (go_look_program(pid, program) != 0)
		return;
	if (running->has_trace) {
		go_trace_rename(&running->trace, program);
		return;
	}
	running->has_trace = go_trace_create(&running->trace, running->go->place, pid, program,
					     running->error) == 0;
	running->start_ns = running->last_ns = clock_now_ns(CLOCK_MONOTONIC);
}

static bool
is_asked(const struct running *running)
{
	const struct trace_header *header = running->trace.writer.header;

	return __atomic_load_n(&header->requests, __ATOMIC_ACQUIRE) != header->requests_answered;
}

static bool
wants_look(void *context)
{
	struct running *running = context;

	if (running->is_reading && __atomic_load_n(&running->is_read, __ATOMIC_ACQUIRE))
		finish_reader(running);
	if (running->is_reading || !running->has_trace)
		return false;
	return is_asked(running) || (running->go->every_s > 0 &&
				     (double)(clock_now_ns(CLOCK_MONOTONIC) - running->last_ns) >=
					 running->go->every_s * 1e9);
}

static void
describe(struct running *running, struct job *job, bool at_end)
{
	const struct trace_header *header = running->trace.writer.header;
	const char *label = at_end ? "exit" : "interval";

	job->moment.cause = at_end ? TRACE_CAUSE_EXIT : TRACE_CAUSE_INTERVAL;
	if (!at_end && is_asked(running)) {
		job->moment.cause = TRACE_CAUSE_REQUEST;
		job->request = __atomic_load_n(&header->requests, __ATOMIC_ACQUIRE);
		label = header->request_label[0] ? header->request_label : "request";
	}
	snprintf(job->label, sizeof(job->label), "%.*s", (int)sizeof(job->label) - 1, label);
	job->moment.label = job->label;
}

static void
look(void *context, const struct attach *stopped, pid_t reader, bool at_end)
{
	struct running *running = context;
	struct job *job = at_end ? &running->last : &running->now;
	uint64_t began = clock_now_ns(CLOCK_MONOTONIC);
	struct go_file file;

	if (!running->has_trace)
		return;
	memset(job, 0, sizeof(*job));
	describe(running, job, at_end);
	job->moment.ns = began - running->start_ns;
	go_file_find(reader, running->trace.writer.header->program, &file);
	job->is_copied = go_look_copy(&job->look, stopped, reader, &file, job->error) == 0;
	running->last_ns = clock_now_ns(CLOCK_MONOTONIC);
	job->moment.pause_ns = running->last_ns - began;
	job->moment.scan_bytes = job->look.copied_bytes;
	running->has_last |= at_end;
	if (!at_end)
		start_reader(running);
}

/* ---- from the start to the report */

static int
start_failure(const struct go *go, const struct program *program, int why)
{
	command_complain(go->command, "%s cannot be started: %s%s", program->path, strerror(why),
			 program->kind == PROGRAM_FOREIGN
			     ? ": it is made for another machine or for 32 bits" : "");
	return why == ENOENT ? EXIT_MISSING : EXIT_NOT_EXECUTABLE;
}

static int
report(struct running *running)
{
	const struct go *go = running->go;
	int code = COMMAND_UNJUDGED;

	finish_reader(running);
	if (running->has_last) {
		read_job(running, &running->last);
		tell_job(running, &running->last);
	}
	if (!running->has_trace) {
		command_complain(go->command, "%s", running->follow.error[0] ? running->follow.error
									     : running->error);
		return COMMAND_FAILED;
	}
	if (running->taken == 0) {
		command_complain(go->command, "no snapshot was taken, so there is no trace");
		trace_remove(&running->trace.writer);
	} else {
		if (running->has_last)
			trace_end(&running->trace.writer, TRACE_ENDED);
		command_complain(go->command, "the trace is %s", running->trace.writer.path);
		code = command_report_on(go->command, &go->options, running->trace.writer.path,
					 go->report);
	}
	go_trace_close(&running->trace);
	return code;
}

int
go_run(const struct go *go)
{
	struct running *running = calloc(1, sizeof(*running));
	struct launch_watcher watcher = {.begin = follow_begin, .wait = follow_wait};
	struct program program;
	int status = 0, why, code;
	pid_t pid;

	if (!running) {
		command_complain(go->command, "out of memory");
		return COMMAND_FAILED;
	}
	running->go = go;
	running->follow.calls = (struct follow_calls){running, wants_look, look, became};
	watcher.context = &running->follow;
	program_examine(go->arguments[0], &program);
	why = launch_and_wait(program.path, go->arguments, &watcher, &pid, &status);
	code = why ? start_failure(go, &program, why) : report(running);
	if (!why && WIFSIGNALED(status))
		code = EXIT_SIGNAL + WTERMSIG(status);
	else if (!why && WEXITSTATUS(status))
		code = WEXITSTATUS(status);
	free(running);
	return code;
}
