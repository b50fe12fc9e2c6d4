/*
 * Why the kernel refuses ptrace. It says EPERM for a dozen reasons; which one it was is read off
 * what can be seen of both processes, in the order in which the kernel asks.
 */
#include "analyzer/attach.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <unistd.h>

/* The number behind `key` in /proc/PID/status, or -1. */
static long
status_number(pid_t pid, const char *key)
{
	char path[32], *line = NULL;
	size_t room = 0, length = strlen(key);
	long number = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file && getline(&line, &room, file) > 0)
		if (strncmp(line, key, length) == 0 && line[length] == ':')
			number = strtol(line + length + 1, NULL, 10);
	free(line);
	if (file)
		fclose(file);
	return number;
}

/* The setting of the Yama security module, or 0 where there is none. */
static int
yama_scope(const char *path)
{
	FILE *file = fopen(path, "re");
	int scope = 0;

	if (file && fscanf(file, "%d", &scope) != 1)
		scope = 0;
	if (file)
		fclose(file);
	return scope;
}

/* The kernel knows no process that we trace by our own id: a filter that answers before it does not
 * get so far. */
static bool
is_filtered(void)
{
	return ptrace(PTRACE_CONT, getpid(), NULL, NULL) != 0 && errno != ESRCH;
}

static void
explain_refusal(pid_t pid, const char *yama, char *error, size_t size)
{
	static const char *const scopes[] = {
	    [1] = "only a process's ancestors may attach to it",
	    [2] = "only processes with CAP_SYS_PTRACE may attach",
	    [3] = "nobody may attach until the next boot",
	};
	long tracer = status_number(pid, "TracerPid"), owner = status_number(pid, "Uid");
	int scope = yama_scope(yama);
	char path[32]; /* of a file that only its owner reads: root, where the process forbids it */
	struct stat file;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	if (is_filtered())
		snprintf(error, size,
			 "a seccomp filter of this container or sandbox refuses ptrace; "
			 "allow it (docker run --cap-add=SYS_PTRACE) or attach from outside");
	else if (tracer > 0)
		snprintf(error, size,
			 "process %d is traced by process %ld (a debugger, strace or "
			 "another maptrace), and the kernel allows one at a time",
			 (int)pid, tracer);
	else if (geteuid() != 0 && owner >= 0 && owner != (long)geteuid())
		snprintf(error, size,
			 "process %d belongs to user %ld, and you are user %u: attach as "
			 "that user or as root",
			 (int)pid, owner, geteuid());
	else if (scope >= 1 && scope <= 3)
		snprintf(error, size,
			 "kernel.yama.ptrace_scope is %d: %s. Attach as root%s, or start "
			 "the program by `maptrace go run -- PROGRAM`",
			 scope, scopes[scope],
			 scope == 1 ? ", set it to 0 (sysctl kernel.yama.ptrace_scope=0)" : "");
	else if (geteuid() != 0 && stat(path, &file) == 0 && file.st_uid != geteuid())
		snprintf(error, size,
			 "process %d is not dumpable (prctl PR_SET_DUMPABLE, set-uid or "
			 "file capabilities): attach as root",
			 (int)pid);
	else
		snprintf(error, size,
			 "the kernel refuses to attach to process %d: it holds more "
			 "capabilities than you, lives in another user namespace, or a security "
			 "module forbids it (AppArmor, SELinux); attach as root on the host",
			 (int)pid);
}

void
attach_explain_by(pid_t pid, int why, const char *yama, char error[ATTACH_ERROR_SIZE])
{
	char path[32], target[8];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	if (kill(pid, 0) != 0 && errno == ESRCH)
		snprintf(error, ATTACH_ERROR_SIZE, "there is no process %d", (int)pid);
	else if (why == ETIMEDOUT)
		snprintf(error, ATTACH_ERROR_SIZE,
			 "process %d does not stop: a thread of it waits in "
			 "a system call that nothing interrupts (state D in ps); try again later",
			 (int)pid);
	else if (readlink(path, target, sizeof(target)) < 0 && errno == ENOENT)
		snprintf(error, ATTACH_ERROR_SIZE,
			 "process %d has no memory: it has ended and waits "
			 "for its parent (a zombie), or is a thread of the kernel",
			 (int)pid);
	else if (why == ESRCH)
		snprintf(error, ATTACH_ERROR_SIZE, "process %d ended meanwhile", (int)pid);
	else if (why == EPERM || why == EACCES || why == ENOSYS)
		explain_refusal(pid, yama, error, ATTACH_ERROR_SIZE);
	else
		snprintf(error, ATTACH_ERROR_SIZE, "process %d cannot be attached to: %s", (int)pid,
			 strerror(why));
}

void
attach_explain(pid_t pid, int why, char error[ATTACH_ERROR_SIZE])
{
	attach_explain_by(pid, why, "/proc/sys/kernel/yama/ptrace_scope", error);
}
