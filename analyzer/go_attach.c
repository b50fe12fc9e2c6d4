/*
 * `maptrace go PID`: a process that runs already. It stands still while its memory is copied, and
 * no longer: what takes time is done on the copy.
 */
#include "analyzer/clock.h"
#include "analyzer/go.h"
#include "analyzer/go_file.h"
#include "analyzer/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the kernel loaded for it: another machine's program has other registers and words. */
static bool
is_foreign(pid_t pid)
{
	char path[32], head[64], interpreter[PATH_MAX];
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	size = read(fd, head, sizeof(head));
	close(fd);
	return size > 0 && program_classify(head, (size_t)size, interpreter) == PROGRAM_FOREIGN;
}

static int
parse_pid(const struct go *go, pid_t *pid)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(go->pid, &end, 10);
	if (errno || *end || end == go->pid || number < 1 || number > INT_MAX) {
		command_complain(go->command, "%s is no process id; a program is started by "
					      "`maptrace go run -- PROGRAM`", go->pid);
		return -1;
	}
	*pid = (pid_t)number;
	return 0;
}

/* Stops, copies, lets go. */
static int
copy(const struct go *go, pid_t pid, struct go_look *look, struct go_moment *moment)
{
	char error[GO_LOOK_ERROR_SIZE], program[PATH_MAX];
	struct go_file file;
	struct attach attach;
	uint64_t began;
	int result = -1;

	memset(look, 0, sizeof(*look));
	go_look_program(pid, program); /* "" if it may not be seen: then attaching says why */
	go_file_find(pid, program, &file);
	began = clock_now_ns(CLOCK_MONOTONIC);
	if (attach_stop(&attach, pid, error) == 0)
		result = go_look_copy(look, &attach, attach.threads[0].id, &file, error);
	moment->ns = clock_age_ns(pid);
	attach_release(&attach);
	moment->pause_ns = clock_now_ns(CLOCK_MONOTONIC) - began;
	moment->scan_bytes = look->copied_bytes;
	if (result != 0)
		command_complain(go->command, "%s", error);
	return result;
}

int
go_attach(const struct go *go)
{
	struct go_moment moment = {.label = go->label ? go->label : "request",
				   .cause = TRACE_CAUSE_REQUEST};
	char error[GO_LOOK_ERROR_SIZE];
	struct go_look look;
	int code = COMMAND_FAILED;
	pid_t pid;

	if (parse_pid(go, &pid) != 0)
		return COMMAND_FAILED;
	if (is_foreign(pid)) {
		command_complain(go->command,
				 "process %d is a 32-bit program or of another machine; "
				 "only x86-64 programs are read",
				 (int)pid);
		return COMMAND_UNJUDGED;
	}
	if (copy(go, pid, &look, &moment) != 0)
		goto out;
	if (go_look_read(&look, go->budget_ns, error) != 0) {
		command_complain(go->command, "%s", error);
		code = COMMAND_UNJUDGED;
		goto out;
	}
	code = go_tell(go, &look, &moment, pid, moment.ns);
out:
	go_look_close(&look);
	return code;
}
