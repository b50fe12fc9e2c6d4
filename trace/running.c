/*
 * Whether the guest of a trace still runs, or who writes its snapshots. Called by the analyzer,
 * which says "so far" of a trace that is not finished. A pid alone proves nothing, since pids are
 * reused: the process must have this very file mapped, or, where we may not look, have started
 * before the trace began.
 */
#include "trace/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

static const double clock_slack = 2; /* seconds: start times come in hundredths, clocks are set */

/* Whether a line of /proc/PID/maps shows the file. On stacked file systems (overlay) the device
 * differs from what stat says; inode and name together do then. */
static bool
line_shows(const char *line, const struct stat *file, const char *resolved)
{
	unsigned major_number, minor_number;
	unsigned long long inode;
	int name = 0;

	if (sscanf(line, "%*s %*s %*s %x:%x %llu %n", &major_number, &minor_number, &inode,
	           &name) < 3 || inode != file->st_ino)
		return false;
	if (major_number == major(file->st_dev) && minor_number == minor(file->st_dev))
		return true;
	return resolved && name > 0 && strncmp(line + name, resolved, strlen(resolved)) == 0 &&
	       line[(size_t)name + strlen(resolved)] == '\n';
}

/* 1: the process has the file mapped; 0: it has not; -1: we may not look, errno says why. */
static int
has_mapped(uint32_t pid, const struct stat *file, const char *path)
{
	char name[64], *line = NULL, *resolved;
	size_t room = 0;
	int found = 0;
	FILE *maps;

	snprintf(name, sizeof(name), "/proc/%u/maps", pid);
	maps = fopen(name, "re");
	if (!maps)
		return -1;
	resolved = realpath(path, NULL);
	errno = 0;
	while (!found && getline(&line, &room, maps) > 0)
		found = line_shows(line, file, resolved);
	if (!found && errno != 0)
		found = -1;
	free(line);
	free(resolved);
	fclose(maps);
	return found;
}

/* Field 22 of /proc/PID/stat: hundredths of a second between boot and the start of the process. The
 * name before it may hold anything, a parenthesis too. False for a dead or unknown process. */
static bool
start_since_boot(uint32_t pid, double *seconds)
{
	unsigned long long ticks = 0;
	char name[64], text[1024], *after, state = 'X';
	ssize_t length;
	int fd;

	snprintf(name, sizeof(name), "/proc/%u/stat", pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[length > 0 ? length : 0] = '\0';
	after = strrchr(text, ')');
	if (!after || sscanf(after + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d "
	                     "%*d %*d %*d %*d %*d %llu", &state, &ticks) != 2)
		return false;
	*seconds = (double)ticks / (double)sysconf(_SC_CLK_TCK);
	return state != 'Z' && state != 'X';
}

static double
seconds_of(clockid_t clock)
{
	struct timespec now = { 0, 0 };

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool
started_before(uint32_t pid, uint64_t realtime_ns)
{
	double since_boot, boot;

	if (!start_since_boot(pid, &since_boot))
		return false;
	boot = seconds_of(CLOCK_REALTIME) - seconds_of(CLOCK_BOOTTIME);
	return boot + since_boot <= (double)realtime_ns / 1e9 + clock_slack;
}

bool
trace_guest_is_running(const struct trace *trace)
{
	const struct trace_header *header = &trace->header;
	struct stat file;
	int mapped;

	if (header->end != TRACE_RUNNING || header->pid < 1 || header->pid > INT_MAX ||
	    stat(trace->path, &file) != 0)
		return false;
	if (header->flags & TRACE_OUTSIDE) /* written by another process */
		return started_before(header->pid, header->start_realtime_ns);
	mapped = has_mapped(header->pid, &file, trace->path);
	if (mapped >= 0 || (errno != EACCES && errno != EPERM))
		return mapped > 0;
	return started_before(header->pid, header->start_realtime_ns);
}

bool
trace_is_being_written(const struct trace *trace)
{
	struct stat file;

	if (stat(trace->path, &file) != 0)
		return false;
	for (uint32_t i = 0; i < trace->snapshot_count; i++) {
		const struct trace_snapshot *info = &trace->snapshots[i].info;

		if (info->state == TRACE_SNAPSHOT_BEGUN && info->pid >= 1 && info->pid <= INT_MAX &&
		    has_mapped(info->pid, &file, trace->path) > 0)
			return true;
	}
	return false;
}
