/*
 * See attach.h. A thread that is asked to stop may report something else first: its end, or a
 * signal that it was about to get. It stands still then, too, and gets the signal when it is let
 * go.
 *
 * New threads may begin while we are at it: the list is read again until it holds no new one. A
 * thread in a system call that nothing interrupts (a file server that does not answer, vfork) does
 * not stop: we wait for a bounded time and give up.
 */
#include "analyzer/attach.h"

#include "analyzer/clock.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <elf.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_S = 5, NAP_NS = 200000 };

void
attach_note_registers(struct attach_thread *thread)
{
#if defined(__x86_64__)
	struct user_regs_struct user = {0};
	struct iovec into = {.iov_base = &user, .iov_len = sizeof(user)};

	if (ptrace(PTRACE_GETREGSET, thread->id, NT_PRSTATUS, &into) != 0)
		return;
	_Static_assert(sizeof(user) >= sizeof(thread->registers), "the general registers lead");
	memcpy(thread->registers, &user, sizeof(thread->registers));
	thread->pc = user.rip;
	thread->sp = user.rsp;
	thread->frame = user.rbp;
	thread->call = (long)user.orig_rax;
#endif
}

struct attach_thread *
attach_find(const struct attach *attach, pid_t id)
{
	for (size_t i = 0; i < attach->count; i++)
		if (attach->threads[i].id == id)
			return &attach->threads[i];
	return NULL;
}

struct attach_thread *
attach_add(struct attach *attach, pid_t id)
{
	if (attach->count == attach->room) {
		size_t room = attach->room ? 2 * attach->room : 64;
		struct attach_thread *threads =
		    realloc(attach->threads, room * sizeof(*threads));

		if (!threads)
			return NULL;
		attach->threads = threads;
		attach->room = room;
	}
	attach->threads[attach->count] = (struct attach_thread){.id = id};
	return &attach->threads[attach->count++];
}

void
attach_forget(struct attach *attach, pid_t id)
{
	struct attach_thread *thread = attach_find(attach, id);

	if (thread)
		*thread = attach->threads[--attach->count];
}

/* Whether a thread is over: a leader stays as a zombie until the last of its threads has gone. */
static bool
has_ended(pid_t pid, pid_t id)
{
	char path[64], text[512] = "", *state;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", (int)pid, (int)id);
	file = fopen(path, "re");
	if (!file)
		return true;
	(void)!fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	state = strrchr(text, ')');
	return !state || state[1] != ' ' || state[2] == 'Z' || state[2] == 'X';
}

/* 1: seized; 0: known, or it has ended; -1 with errno. */
static int
seize(struct attach *attach, pid_t id)
{
	if (attach_find(attach, id))
		return 0;
	if (ptrace(PTRACE_SEIZE, id, NULL, NULL) != 0) {
		int why = errno;

		if (has_ended(attach->pid, id))
			return 0;
		errno = why;
		return -1;
	}
	if (!attach_add(attach, id)) {
		ptrace(PTRACE_DETACH, id, NULL, NULL);
		errno = ENOMEM;
		return -1;
	}
	return ptrace(PTRACE_INTERRUPT, id, NULL, NULL) == 0 || errno == ESRCH ? 1 : -1;
}

/* Seizes every thread that is listed now. Returns how many were new, or -1 with errno. */
static int
seize_listed(struct attach *attach)
{
	char path[32];
	struct dirent *entry;
	int fresh = 0;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)attach->pid);
	folder = opendir(path);
	if (!folder) {
		errno = ESRCH;
		return -1;
	}
	while (fresh >= 0 && (entry = readdir(folder))) {
		pid_t id = atoi(entry->d_name);
		int result = id > 0 ? seize(attach, id) : 0;

		fresh = result < 0 ? -1 : fresh + result;
	}
	closedir(folder);
	return fresh;
}

/* True when the thread stands still or is gone. */
static bool
try_wait(struct attach *attach, struct attach_thread *thread)
{
	int status;
	pid_t got = waitpid(thread->id, &status, __WALL | WNOHANG);

	/* a leader that has ended is not reported before the last of its threads */
	if (got == 0 && !has_ended(attach->pid, thread->id))
		return false;
	if (got <= 0 || !WIFSTOPPED(status)) {
		attach_forget(attach, thread->id);
		return true;
	}
	/* an event stop is our interruption, or the stop of the whole process */
	thread->signal = status >> 16 ? 0 : WSTOPSIG(status);
	thread->is_stopped = true;
	attach_note_registers(thread);
	return true;
}

/* Waits until all seized threads stand still. -1 with errno ETIMEDOUT. */
static int
wait_all(struct attach *attach)
{
	const struct timespec nap = {.tv_nsec = NAP_NS};
	double end = clock_seconds() + WAIT_S;

	for (size_t i = 0; i < attach->count;) {
		if (attach->threads[i].is_stopped) {
			i++;
		} else if (!try_wait(attach, &attach->threads[i])) {
			if (clock_seconds() > end) {
				errno = ETIMEDOUT;
				return -1;
			}
			nanosleep(&nap, NULL);
		}
	}
	return 0;
}

int
attach_stop(struct attach *attach, pid_t pid, char error[ATTACH_ERROR_SIZE])
{
	int fresh;

	memset(attach, 0, sizeof(*attach));
	attach->pid = pid;
	do {
		fresh = seize_listed(attach);
		if (fresh < 0 || wait_all(attach) != 0)
			goto failed;
	} while (fresh > 0);
	if (attach->count > 0)
		return 0;
	errno = ESRCH;
failed:
	attach_explain(pid, errno, error);
	attach_release(attach);
	return -1;
}

bool
attach_is_held(pid_t id)
{
	unsigned long message;

	return ptrace(PTRACE_GETEVENTMSG, id, NULL, &message) == 0;
}

/* What has not stopped yet cannot be let go: it is waited for, as long as it exists. */
static void
detach(struct attach *attach, struct attach_thread *thread)
{
	const struct timespec nap = {.tv_nsec = NAP_NS};
	double end = clock_seconds() + WAIT_S;
	size_t before = attach->count;

	while (!thread->is_stopped && clock_seconds() < end) {
		if (try_wait(attach, thread) && attach->count < before)
			return;
		if (!thread->is_stopped)
			nanosleep(&nap, NULL);
	}
	ptrace(PTRACE_DETACH, thread->id, NULL, (void *)(intptr_t)thread->signal);
	attach->count--;
}

void
attach_release(struct attach *attach)
{
	while (attach->count > 0)
		detach(attach, &attach->threads[attach->count - 1]);
	free(attach->threads);
	memset(attach, 0, sizeof(*attach));
}
