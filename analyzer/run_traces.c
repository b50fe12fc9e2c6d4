/*
 * Where a run's traces go, and which of the files there are this run's.
 *
 * Names alone do not tell: process ids come again, and old traces may lie in the same folder. The
 * header of each file says whose it is and when it began; what is no trace is passed over.
 */
#include "analyzer/run_traces.h"
#include "trace/environment.h"
#include "trace/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Our own folder, in which a percent sign must not be taken for a placeholder. */
static void
write_here(FILE *out)
{
	char *here = getcwd(NULL, 0);

	for (const char *at = here; at && *at; at++)
		fputs(*at == '%' ? "%%" : (char[]){*at, '\0'}, out);
	fputc('/', out);
	free(here);
}

/* Whether `place` means a folder; one that is asked for by its last / is made. -1 with errno. */
static int
is_folder(const char *place)
{
	struct stat file;
	size_t length = strlen(place);

	if (length && place[length - 1] == '/' && mkdir(place, 0777) < 0 && errno != EEXIST)
		return -1;
	return stat(place, &file) == 0 && S_ISDIR(file.st_mode);
}

char *
run_traces_pattern(const char *place)
{
	const char *name = trace_environment[TRACE_VARIABLE_OUT].standard;
	int folder = place ? is_folder(place) : 0;
	char *pattern = NULL;
	size_t size = 0;
	FILE *out = folder < 0 ? NULL : open_memstream(&pattern, &size);

	if (!out)
		return NULL;
	if (!place || place[0] != '/')
		write_here(out);
	fprintf(out, "%s%s%s", place ? place : "",
		folder && place[strlen(place) - 1] != '/' ? "/" : "", folder || !place ? name : "");
	if (fclose(out) == 0)
		return pattern;
	free(pattern);
	return NULL;
}

char *
run_traces_name(const char *pattern, pid_t pid, const char *program)
{
	char *name = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&name, &size);

	if (!out)
		return NULL;
	for (const char *at = pattern; *at; at++) {
		bool is_placeholder = at[0] == '%' && at[1] && strchr("pn%", at[1]);

		if (!is_placeholder)
			fputc(*at, out);
		else if (*++at == 'p')
			fprintf(out, "%d", (int)pid);
		else
			fputs(*at == 'n' ? basename(program) : "%", out);
	}
	if (fclose(out) == 0)
		return name;
	free(name);
	return NULL;
}

/* The glob that finds all files of a pattern: %p and %n become *, all else itself. */
static char *
pattern_glob(const char *pattern, const char *tail)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (const char *at = pattern; *at; at++) {
		if (at[0] == '%' && (at[1] == 'p' || at[1] == 'n')) {
			fputc('*', out);
			at++;
			continue;
		}
		if (at[0] == '%' && at[1] == '%')
			at++;
		if (strchr("*?[\\", *at))
			fputc('\\', out);
		fputc(*at, out);
	}
	fputs(tail, out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static int
glob_append(const char *pattern, const char *tail, int flags, glob_t *found)
{
	char *text = pattern_glob(pattern, tail);
	int failed = text ? glob(text, flags, NULL, found) : GLOB_NOSPACE;

	free(text);
	return failed == 0 || failed == GLOB_NOMATCH ? 0 : -1;
}

/* Reads the header of a trace; false where the file is none that this program understands. */
static bool
read_header(const char *path, struct trace_header *header)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool is_trace;

	if (fd < 0)
		return false;
	is_trace = pread(fd, header, sizeof(*header), 0) == (ssize_t)sizeof(*header) &&
		   memcmp(header->magic, TRACE_MAGIC, sizeof(header->magic)) == 0 &&
		   header->version == TRACE_VERSION && header->byte_order == TRACE_BYTE_ORDER;
	close(fd);
	return is_trace;
}

/* Keeps `path` as the program's own where it is and began last; as one of the others else. */
static int
keep_path(struct run_traces *traces, const char *path, bool is_own)
{
	char *copy = strdup(path), *other = copy;

	if (!copy)
		return -1;
	if (is_own) {
		other = traces->own;
		traces->own = copy;
	}
	if (other)
		traces->others[traces->count++] = other;
	return 0;
}

int
run_traces_find(struct run_traces *traces, const char *pattern, pid_t pid, uint64_t start_ns)
{
	glob_t found = {0};
	uint64_t own_start = 0;
	int result = -1;

	memset(traces, 0, sizeof(*traces));
	if (glob_append(pattern, "", 0, &found) < 0 ||
	    glob_append(pattern, ".[0-9]*", GLOB_APPEND, &found) < 0)
		goto out;
	traces->others = calloc(found.gl_pathc + 1, sizeof(traces->others[0]));
	if (!traces->others)
		goto out;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct trace_header header;
		bool is_own;

		if (!read_header(found.gl_pathv[i], &header) || header.start_realtime_ns < start_ns)
			continue;
		is_own = header.pid == (uint32_t)pid && header.start_realtime_ns >= own_start;
		if (is_own)
			own_start = header.start_realtime_ns;
		if (keep_path(traces, found.gl_pathv[i], is_own) < 0)
			goto out;
	}
	result = 0;
out:
	globfree(&found);
	if (result < 0)
		run_traces_release(traces);
	return result;
}

/* Writers have a budget of their own, which ends them. */
void
run_traces_settle(const char *path)
{
	static const struct timespec nap = {0, 5000000};
	bool is_written = true;

	while (is_written) {
		struct trace_error error;
		struct trace *trace = trace_open(path, &error);

		is_written = trace && trace_is_being_written(trace);
		trace_close(trace);
		if (is_written)
			nanosleep(&nap, NULL);
	}
}

void
run_traces_release(struct run_traces *traces)
{
	for (size_t i = 0; i < traces->count; i++)
		free(traces->others[i]);
	free(traces->others);
	free(traces->own);
	memset(traces, 0, sizeof(*traces));
}
