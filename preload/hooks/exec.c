/*
 * exec, interposed: for the maps of this image it is an end like any other, and no destructor will
 * run. Called by the guest; ends the trace (most who call it are children of fork on their way to
 * another program, whose trace goes without a word), then forwards.
 *
 *     ends_by_exec --> exec --> the new image, with a trace of its own
 *                       '-- failed --> ends_revive --> the guest goes on, errno as exec left it
 *
 * Rule: a child of vfork shares the guest's memory but is not the guest: it never ends or revives
 * the guest's trace.
 */
#include "preload/hooks/ends.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

typedef char *const strings[];

static struct {
	int (*execve)(const char *, strings, strings);
	int (*execvpe)(const char *, strings, strings);
	int (*execveat)(int, const char *, strings, strings, int);
	int (*fexecve)(int, strings, strings);
} next;

static __attribute__((constructor)) void
exec_resolve(void)
{
	if (next.fexecve)
		return;
	next.execve = (int (*)(const char *, strings, strings))dlsym(RTLD_NEXT, "execve");
	next.execvpe = (int (*)(const char *, strings, strings))dlsym(RTLD_NEXT, "execvpe");
	next.execveat = (int (*)(int, const char *, strings, strings, int))dlsym(RTLD_NEXT,
	                                                                          "execveat");
	next.fexecve = (int (*)(int, strings, strings))dlsym(RTLD_NEXT, "fexecve");
}

static bool
before_exec(void)
{
	exec_resolve();
	return ends_by_exec();
}

/* Only a failed exec comes here. Who is not the guest may have no errno; see ends.c. */
static int
after_exec(bool has_ended, int result)
{
	int error;

	if (!has_ended)
		return result;
	error = errno;
	ends_revive();
	errno = error;
	return result;
}

EXPORT int
execve(const char *path, strings arguments, strings environment)
{
	bool has_ended = before_exec();

	return after_exec(has_ended, next.execve(path, arguments, environment));
}

EXPORT int
execv(const char *path, strings arguments)
{
	return execve(path, arguments, environ);
}

EXPORT int
execvpe(const char *file, strings arguments, strings environment)
{
	bool has_ended = before_exec();

	return after_exec(has_ended, next.execvpe(file, arguments, environment));
}

EXPORT int
execvp(const char *file, strings arguments)
{
	return execvpe(file, arguments, environ);
}

EXPORT int
fexecve(int fd, strings arguments, strings environment)
{
	bool has_ended = before_exec();

	return after_exec(has_ended, next.fexecve(fd, arguments, environment));
}

EXPORT int
execveat(int folder, const char *path, strings arguments, strings environment, int flags)
{
	bool has_ended = before_exec();

	return after_exec(has_ended, next.execveat(folder, path, arguments, environment, flags));
}

/* Turns the list of arguments after `first` into an array on the stack; leaves `list` behind the
 * NULL that ends it. A macro, as the array must live in its caller's frame. */
#define GATHER(array, first, list)                                               \
	do {                                                                     \
		va_list count_;                                                  \
		size_t many_ = 1; /* libc declares that first is not NULL */     \
		va_copy(count_, list);                                           \
		while (va_arg(count_, const char *))                             \
			many_++;                                                 \
		va_end(count_);                                                  \
		array = __builtin_alloca((many_ + 1) * sizeof(*array));          \
		array[0] = (char *)(first);                                      \
		for (size_t i_ = 1; i_ <= many_; i_++)                           \
			array[i_] = va_arg(list, char *);                        \
	} while (0)

EXPORT int
execl(const char *path, const char *first, ...)
{
	va_list list;
	char **arguments;

	va_start(list, first);
	GATHER(arguments, first, list);
	va_end(list);
	return execve(path, arguments, environ);
}

EXPORT int
execlp(const char *file, const char *first, ...)
{
	va_list list;
	char **arguments;

	va_start(list, first);
	GATHER(arguments, first, list);
	va_end(list);
	return execvpe(file, arguments, environ);
}

EXPORT int
execle(const char *path, const char *first, ...)
{
	va_list list;
	char **arguments, **environment;

	va_start(list, first);
	GATHER(arguments, first, list);
	environment = va_arg(list, char **);
	va_end(list);
	return execve(path, arguments, environment);
}
