/*
 * exec, interposed: for the maps of this image it is an end like any other, and no destructor will
 * run. Called by the guest; takes the exit snapshot (or removes a trace that saw no map bytes), then
 * forwards. Most who call it are children of fork on their way to another program.
 *
 * An exec that fails returns: then the guest may end again. A child of vfork is not the guest, and
 * ends_now leaves it alone; nothing here may do more than that for it.
 */
#include "preload/ends.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

typedef char *const strings[];

static struct {
	int (*execve)(const char *, strings, strings);
	int (*execvpe)(const char *, strings, strings);
	int (*fexecve)(int, strings, strings);
} next;

static __attribute__((constructor)) void
exec_resolve(void)
{
	if (next.fexecve)
		return;
	next.execve = (int (*)(const char *, strings, strings))dlsym(RTLD_NEXT, "execve");
	next.execvpe = (int (*)(const char *, strings, strings))dlsym(RTLD_NEXT, "execvpe");
	next.fexecve = (int (*)(int, strings, strings))dlsym(RTLD_NEXT, "fexecve");
}

static void
before_exec(void)
{
	exec_resolve();
	ends_now("exit", TRACE_CAUSE_EXIT);
}

static int
after_exec(int result)
{
	ends_after_fork();
	return result;
}

EXPORT int
execve(const char *path, strings arguments, strings environment)
{
	before_exec();
	return after_exec(next.execve(path, arguments, environment));
}

EXPORT int
execv(const char *path, strings arguments)
{
	return execve(path, arguments, environ);
}

EXPORT int
execvpe(const char *file, strings arguments, strings environment)
{
	before_exec();
	return after_exec(next.execvpe(file, arguments, environment));
}

EXPORT int
execvp(const char *file, strings arguments)
{
	return execvpe(file, arguments, environ);
}

EXPORT int
fexecve(int fd, strings arguments, strings environment)
{
	before_exec();
	return after_exec(next.fexecve(fd, arguments, environment));
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
