/*
 * See live.h. A trace is a shared, writable mapping of a file that begins with the trace's magic. A
 * guest in a container names its files otherwise: they are found through /proc/PID/root. The trace
 * of a program that is watched from outside (`maptrace go run`) is mapped by its tracer.
 */
#include "analyzer/live.h"
#include "trace/format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One file of /proc/PID/maps. */
struct mapped {
	uint64_t inode;
	const char *path;
};

static int
is_trace(const char *path, uint64_t inode)
{
	char magic[sizeof(TRACE_MAGIC) - 1];
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), found;

	if (fd < 0)
		return errno == EACCES || errno == EPERM ? -1 : 0;
	found = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_ino == inode &&
		read(fd, magic, sizeof(magic)) == (ssize_t)sizeof(magic) &&
		memcmp(magic, TRACE_MAGIC, sizeof(magic)) == 0;
	close(fd);
	return found;
}

/* A shared, writable mapping of a file; cuts the line behind the path. */
static int
parse_line(char *line, struct mapped *mapped)
{
	char rights[5] = "";
	unsigned long long inode = 0;
	int name = 0;

	if (sscanf(line, "%*s %4s %*s %*s %llu %n", rights, &inode, &name) < 2 || inode == 0 ||
	    strcmp(rights, "rw-s") != 0 || line[name] != '/')
		return 0;
	line[name + (int)strcspn(line + name, "\n")] = '\0';
	*mapped = (struct mapped){inode, line + name};
	return 1;
}

/* 1: `path` is the trace; 0: this mapping is none; -1: it cannot be looked at. */
static int
try_mapped(uint32_t pid, const struct mapped *mapped, char path[PATH_MAX])
{
	int found;

	if ((size_t)snprintf(path, PATH_MAX, "%s", mapped->path) >= PATH_MAX)
		return 0;
	found = is_trace(path, mapped->inode);
	if (found > 0 ||
	    snprintf(path, PATH_MAX, "/proc/%u/root%s", pid, mapped->path) >= PATH_MAX)
		return found;
	return is_trace(path, mapped->inode) > 0 ? 1 : found;
}

static void
explain_no_maps(uint32_t pid, int why, char *error, size_t size)
{
	if (why == ENOENT)
		snprintf(error, size,
			 "there is no process %u (or /proc is mounted with hidepid and hides it)",
			 pid);
	else
		snprintf(
		    error, size,
		    "/proc/%u/maps cannot be read: %s. The process is another user's, or is not "
		    "dumpable (prctl PR_SET_DUMPABLE, set-uid, file capabilities): ask as root, or "
		    "name its trace: maptrace snapshot maptrace.PROGRAM.%u.mtr",
		    pid, strerror(why), pid);
}

static void
explain_no_trace(uint32_t pid, int is_forbidden, const char *at, char *error, size_t size)
{
	if (is_forbidden)
		snprintf(error, size,
			 "process %u has %s mapped, which may not be opened: its permissions or "
			 "its folder's stand in the way; ask as its owner or as root",
			 pid, at);
	else
		snprintf(
		    error, size,
		    "process %u is not traced: it has no trace mapped. Start it with `maptrace "
		    "run -- PROGRAM` or LD_PRELOAD (MAPTRACE_ONLY must let it pass); a Go program "
		    "is looked at by `maptrace go %u`",
		    pid, pid);
}

/* 1: `path` is a trace that the process has mapped; 0: it has none; -1: one may not be opened, and
 * `path` is it; -2 with errno: its maps cannot be read. */
static int
find_mapped(uint32_t pid, char path[PATH_MAX])
{
	char name[64], *line = NULL, forbidden[PATH_MAX] = "";
	size_t room = 0;
	int found = 0, why;
	struct mapped mapped;
	FILE *maps;

	snprintf(name, sizeof(name), "/proc/%u/maps", pid);
	maps = fopen(name, "re");
	if (!maps)
		return -2;
	errno = 0;
	while (found <= 0 && getline(&line, &room, maps) > 0) {
		found = parse_line(line, &mapped) ? try_mapped(pid, &mapped, path) : 0;
		if (found < 0)
			snprintf(forbidden, sizeof(forbidden), "%s", mapped.path);
		errno = 0;
	}
	why = errno;
	free(line);
	fclose(maps);
	errno = why;
	if (found > 0 || why)
		return found > 0 ? 1 : -2;
	snprintf(path, PATH_MAX, "%s", forbidden);
	return forbidden[0] ? -1 : 0;
}

/* Whether the trace is of this process. */
static bool
is_of(const char *path, uint32_t pid)
{
	struct trace_header header;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t size = fd < 0 ? -1 : read(fd, &header, sizeof(header));

	if (fd >= 0)
		close(fd);
	return size == (ssize_t)sizeof(header) && header.pid == pid;
}

static uint32_t
tracer_of(uint32_t pid)
{
	char name[64], *line = NULL;
	size_t room = 0;
	uint32_t tracer = 0;
	FILE *status;

	snprintf(name, sizeof(name), "/proc/%u/status", pid);
	status = fopen(name, "re");
	while (status && getline(&line, &room, status) > 0 &&
	       sscanf(line, "TracerPid: %u", &tracer) != 1)
		;
	free(line);
	if (status)
		fclose(status);
	return tracer;
}

int
live_find_trace(uint32_t pid, char path[PATH_MAX], char *error, size_t error_size)
{
	char forbidden[PATH_MAX];
	int found = find_mapped(pid, path), why = errno;
	uint32_t tracer = found == 0 ? tracer_of(pid) : 0;

	if (found == 1)
		return 0;
	snprintf(forbidden, sizeof(forbidden), "%s", found == -1 ? path : "");
	if (tracer > 0 && find_mapped(tracer, path) == 1 && is_of(path, pid))
		return 0;
	if (found == -2)
		explain_no_maps(pid, why, error, error_size);
	else
		explain_no_trace(pid, found == -1, forbidden, error, error_size);
	return -1;
}

char
live_state(uint32_t pid)
{
	char name[64], text[512], state = '?', *after;
	FILE *stat_file;
	size_t length;

	snprintf(name, sizeof(name), "/proc/%u/stat", pid);
	stat_file = fopen(name, "re");
	if (!stat_file)
		return errno == ENOENT ? 'X' : '?';
	length = fread(text, 1, sizeof(text) - 1, stat_file);
	fclose(stat_file);
	text[length] = '\0';
	after = strrchr(text, ')'); /* the name before it may hold anything */
	if (after)
		sscanf(after + 1, " %c", &state);
	return state;
}
