/*
 * See follow.h. Every thread is traced from its birth (PTRACE_O_TRACECLONE), because any of them
 * may be the one that ends the process. At the end of a process the kernel stops each of its
 * threads once more (PTRACE_EVENT_EXIT) while their memory is still there.
 *
 * A process that the program makes by a clone without SIGCHLD comes the same way as a thread (so
 * does what takes a snapshot in libmaptrace.so): it is let go, as its end is not the program's.
 */
#include "analyzer/follow.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	NAP_NS = 20000000,
	GATHER_MS = 1000, /* longest wait for all threads to stand still */
	OPTIONS = PTRACE_O_TRACEEXIT | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC,
};

/* What a stopped thread reported. */
enum stop {
	STOP_NONE,
	STOP_SIGNAL,  /* about to get attach_thread.signal */
	STOP_EVENT,   /* our own interruption, a clone, an exec */
	STOP_GROUP,   /* stopped by job control */
	STOP_EXIT,
};

static bool
is_group_stop(int signal)
{
	return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

static void
go_on(struct attach_thread *thread)
{
	int request = thread->stop == STOP_GROUP ? PTRACE_LISTEN : PTRACE_CONT;
	intptr_t signal = thread->stop == STOP_SIGNAL ? thread->signal : 0;

	ptrace(request, thread->id, NULL, (void *)signal);
	thread->is_stopped = false;
	thread->stop = STOP_NONE;
	thread->signal = 0;
}

static struct attach_thread *
thread_of(struct follow *follow, pid_t id)
{
	struct attach_thread *thread = attach_find(&follow->attach, id);

	return thread ? thread : attach_add(&follow->attach, id);
}

/* What is not known yet may be a process of its own. */
static bool
is_of_program(const struct follow *follow, pid_t id)
{
	char path[64];

	if (attach_find(&follow->attach, id))
		return true;
	snprintf(path, sizeof(path), "/proc/%d/task/%d", (int)follow->attach.pid, (int)id);
	return access(path, F_OK) == 0;
}

/* A thread that was born is known from here on, though it may report later. */
static void
note_birth(struct follow *follow, pid_t parent)
{
	unsigned long id = 0;

	if (ptrace(PTRACE_GETEVENTMSG, parent, NULL, &id) == 0 && id > 0 &&
	    is_of_program(follow, (pid_t)id))
		thread_of(follow, (pid_t)id);
}

/* After an exec only the thread that did it is left, under the id of the process. */
static void
note_exec(struct follow *follow, pid_t pid)
{
	follow->attach.count = 0;
	attach_add(&follow->attach, pid);
	follow->is_program = true;
	follow->has_ended = false;
	follow->calls.became(follow->calls.context, pid);
}

/* What a stop means. New threads and the thread list may change: pointers into it do not last. */
static void
note_stop(struct follow *follow, pid_t id, int status)
{
	int event = status >> 16, signal = WSTOPSIG(status), stop = STOP_EVENT;
	struct attach_thread *thread;

	if (!is_of_program(follow, id)) {
		ptrace(PTRACE_DETACH, id, NULL, NULL);
		return;
	}
	if (event == PTRACE_EVENT_CLONE)
		note_birth(follow, id);
	else if (event == PTRACE_EVENT_EXEC)
		note_exec(follow, follow->attach.pid);
	else if (event == PTRACE_EVENT_EXIT)
		stop = STOP_EXIT;
	else if (event == PTRACE_EVENT_STOP)
		stop = is_group_stop(signal) ? STOP_GROUP : STOP_EVENT;
	else
		stop = STOP_SIGNAL;
	thread = thread_of(follow, event == PTRACE_EVENT_EXEC ? follow->attach.pid : id);
	if (!thread)
		return;
	thread->is_stopped = true;
	thread->stop = stop;
	thread->signal = stop == STOP_SIGNAL ? signal : 0;
}

/* Takes one report, if there is one. Returns the thread's id, 0: none; -1: nobody is left. The end
 * of the process goes to *status and *has_ended. */
static pid_t
take_report(struct follow *follow, int *status, bool *has_ended)
{
	int report;
	pid_t id = waitpid(-1, &report, __WALL | WNOHANG);

	if (id <= 0)
		return id < 0 && errno == ECHILD ? -1 : 0;
	if (WIFSTOPPED(report)) {
		note_stop(follow, id, report);
		return id;
	}
	attach_forget(&follow->attach, id);
	if (id == follow->attach.pid) {
		*status = report;
		*has_ended = true;
	}
	return id;
}

static bool
all_stand_still(const struct follow *follow)
{
	for (size_t i = 0; i < follow->attach.count; i++)
		if (!follow->attach.threads[i].is_stopped)
			return false;
	return follow->attach.count > 0;
}

/* Waits until every thread has reported, for a bounded time. */
static bool
gather(struct follow *follow, int *status, bool *has_ended)
{
	const struct timespec nap = {.tv_nsec = 1000000};

	for (int waited = 0; waited < GATHER_MS && !*has_ended; waited++) {
		while (take_report(follow, status, has_ended) > 0)
			;
		if (all_stand_still(follow))
			return true;
		nanosleep(&nap, NULL);
	}
	return false;
}

static void
all_go_on(struct follow *follow)
{
	for (size_t i = 0; i < follow->attach.count; i++)
		if (follow->attach.threads[i].is_stopped)
			go_on(&follow->attach.threads[i]);
}

static void
look(struct follow *follow, pid_t reader, bool at_end)
{
	for (size_t i = 0; i < follow->attach.count; i++)
		if (follow->attach.threads[i].is_stopped)
			attach_note_registers(&follow->attach.threads[i]);
	follow->calls.look(follow->calls.context, &follow->attach, reader, at_end);
}

static void
look_now(struct follow *follow, int *status, bool *has_ended)
{
	for (size_t i = 0; i < follow->attach.count; i++)
		if (!follow->attach.threads[i].is_stopped)
			ptrace(PTRACE_INTERRUPT, follow->attach.threads[i].id, NULL, NULL);
	if (gather(follow, status, has_ended))
		look(follow, follow->attach.pid, false);
}

static bool
is_in_exec(pid_t pid, pid_t id)
{
	char path[64];
	long call = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", (int)pid, (int)id);
	file = fopen(path, "re");
	if (file && fscanf(file, "%ld", &call) != 1)
		call = -1; /* "running" */
	if (file)
		fclose(file);
	return call == SYS_execve || call == SYS_execveat;
}

/* Whether a thread waits for the others to end, so that its program can take their place. One that
 * is about to wait is not seen: then the others' end is looked at as if it were all of it. */
static bool
is_becoming(const struct follow *follow)
{
	for (size_t i = 0; i < follow->attach.count; i++)
		if (!follow->attach.threads[i].is_stopped &&
		    is_in_exec(follow->attach.pid, follow->attach.threads[i].id))
			return true;
	return false;
}

/* The thread that is at its exit, if that is the end of the process: it called exit_group or got a
 * fatal signal; a thread that ends alone called exit, and others remain. Those that end because
 * another is in exec are no end either. */
static const struct attach_thread *
ending_thread(struct follow *follow)
{
	for (size_t i = 0; i < follow->attach.count; i++) {
		struct attach_thread *thread = &follow->attach.threads[i];

		if (thread->stop != STOP_EXIT)
			continue;
		attach_note_registers(thread);
		if (thread->call != SYS_exit || follow->attach.count == 1)
			return is_becoming(follow) ? NULL : thread;
	}
	return NULL;
}

/* The others are killed by now and stop at their own exit: their registers are worth having. */
static void
look_at_end(struct follow *follow, pid_t reader, int *status, bool *has_ended)
{
	follow->has_ended = true;
	gather(follow, status, has_ended);
	look(follow, reader, true);
}

static void
settle(struct follow *follow, int *status, bool *has_ended)
{
	const struct attach_thread *ending =
	    follow->is_program && !follow->has_ended ? ending_thread(follow) : NULL;

	if (ending)
		look_at_end(follow, ending->id, status, has_ended);
	else if (follow->is_program && !follow->has_ended &&
		 follow->calls.wants_look(follow->calls.context))
		look_now(follow, status, has_ended);
	all_go_on(follow);
}

void
follow_begin(void *context, pid_t pid)
{
	struct follow *follow = context;

	follow->attach.pid = pid;
	if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)(intptr_t)OPTIONS) != 0)
		attach_explain(pid, errno, follow->error);
	else if (!attach_add(&follow->attach, pid))
		attach_explain(pid, ENOMEM, follow->error);
}

void
follow_wait(void *context, pid_t pid, int *status)
{
	const struct timespec nap = {.tv_nsec = NAP_NS};
	struct follow *follow = context;
	bool has_ended = false;
	sigset_t child, before;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &before);
	while (!has_ended) {
		pid_t id;

		while ((id = take_report(follow, status, &has_ended)) > 0 && !has_ended)
			settle(follow, status, &has_ended);
		if (id < 0)
			break;
		if (!has_ended)
			settle(follow, status, &has_ended);
		if (!has_ended)
			sigtimedwait(&child, NULL, &nap);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	free(follow->attach.threads);
	memset(&follow->attach, 0, sizeof(follow->attach));
}
