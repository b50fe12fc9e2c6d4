/*
 * Called by tracer.c at start. The kernel keeps the path that execve was given (AT_EXECFN) on the
 * guest's stack, where the guest may have written since. Rule: it is believed only where it leads
 * to the very file that runs.
 */
#include "preload/process/executable.h"

#include "preload/text.h"
#include "trace/format.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#define SELF "/proc/self/exe"

void
executable_file(char *into, size_t room)
{
	ssize_t length = readlink(SELF, into, room - 1);

	into[length > 0 ? length : 0] = '\0';
}

/* A path that stands for a descriptor is no name that people gave. */
static bool
executable_is_descriptor(const char *path)
{
	static const char devices[] = "/dev/fd/", processes[] = "/proc/";

	return !strncmp(path, devices, sizeof(devices) - 1) ||
	       !strncmp(path, processes, sizeof(processes) - 1);
}

static bool
executable_is(const char *path)
{
	struct stat file, self;

	return !stat(path, &file) && !stat(SELF, &self) && file.st_dev == self.st_dev &&
	       file.st_ino == self.st_ino;
}

/* Makes a path absolute; what does not fit is cut, and leads nowhere then. */
static void
executable_complete(char *into, size_t room, const char *path)
{
	char folder[TRACE_PATH_MAX] = "";

	if (path[0] != '/' && !getcwd(folder, sizeof(folder)))
		folder[0] = '\0';
	while (!strncmp(path, "./", 2))
		path += 2;
	text_join(into, room, folder, path[0] == '/' ? "" : "/", path, NULL);
}

void
executable_path(char *into, size_t room, const char *file)
{
	const char *started = (const char *)(uintptr_t)getauxval(AT_EXECFN);
	char path[TRACE_PATH_MAX];

	text_join(into, room, file, NULL);
	if (!started || !strcmp(text_file_name(started), text_file_name(file)))
		return;
	executable_complete(path, sizeof(path), started);
	if (!executable_is_descriptor(path) && executable_is(path))
		text_join(into, room, path, NULL);
}
