/*
 * The ways a guest can end, caught before destructors run. Each function here has the name of
 * libc's, takes the exit snapshot (ending.c: once, whoever comes first) and forwards to the next
 * definition: what the guest sees, prints and returns stays the same.
 *
 *     return from main        __libc_start_main wraps main
 *     exit quick_exit _exit _Exit
 *     err errx verr verrx     libc ends inside them, past the PLT; errno is part of their output
 *     error error_at_line     the same, where the status is not 0
 *     pthread_exit            from main, where no other thread is left
 *     all else                the destructor at the end, labelled exit-late
 *
 * They are in the library's export map. Signals that kill are not caught: the trace is always
 * complete up to then.
 */
#include "preload/hooks/ends.h"

#include <dlfcn.h>
#include <err.h>
#include <errno.h>
#include <error.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

typedef int main_function(int, char **, char **);

EXPORT int __libc_start_main(main_function *main, int argc, char **argv, void (*init)(void),
                             void (*fini)(void), void (*rtld_fini)(void), void *stack_end);

/* Resolved early: after vfork the dynamic linker had better not be asked. */
static struct {
	void (*exit)(int);
	void (*quick_exit)(int);
	void (*_exit)(int);
	void (*verr)(int, const char *, va_list);
	void (*verrx)(int, const char *, va_list);
	void (*error)(int, int, const char *, ...);
	void (*error_at_line)(int, int, const char *, unsigned, const char *, ...);
	void (*pthread_exit)(void *);
} next;

/* A child of clone may end on thread-local storage of its maker's, where errno cannot be reached by
 * its address (Chromium's sandbox makes one): the straight way to _exit never asks for it. */
static void
resolve(void)
{
	int error;

	/* `error` is found last: it says that all are. */
	if (__atomic_load_n(&next.error, __ATOMIC_ACQUIRE))
		return;
	error = errno;
	next.exit = (void (*)(int))dlsym(RTLD_NEXT, "exit");
	next.quick_exit = (void (*)(int))dlsym(RTLD_NEXT, "quick_exit");
	next._exit = (void (*)(int))dlsym(RTLD_NEXT, "_exit");
	next.verr = (void (*)(int, const char *, va_list))dlsym(RTLD_NEXT, "verr");
	next.verrx = (void (*)(int, const char *, va_list))dlsym(RTLD_NEXT, "verrx");
	next.error_at_line = (void (*)(int, int, const char *, unsigned, const char *, ...))dlsym(
		RTLD_NEXT, "error_at_line");
	next.pthread_exit = (void (*)(void *))dlsym(RTLD_NEXT, "pthread_exit");
	__atomic_store_n(&next.error,
	                 (void (*)(int, int, const char *, ...))dlsym(RTLD_NEXT, "error"),
	                 __ATOMIC_RELEASE);
	errno = error;
}

static __attribute__((constructor)) void
ends_start(void)
{
	resolve();
}

static void
before_end(void)
{
	resolve();
	ends_now("exit", TRACE_CAUSE_EXIT);
}

/* ---- main */

static main_function *guest_main;

static int
wrapped_main(int argc, char **argv, char **environment)
{
	int status = guest_main(argc, argv, environment);

	before_end();
	return status;
}

int
__libc_start_main(main_function *main, int argc, char **argv, void (*init)(void),
                  void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
	int (*start)(main_function *, int, char **, void (*)(void), void (*)(void), void (*)(void),
	             void *) = dlsym(RTLD_NEXT, "__libc_start_main");

	guest_main = main;
	return start(wrapped_main, argc, argv, init, fini, rtld_fini, stack_end);
}

/* ---- exit and its kin */

EXPORT void
exit(int status)
{
	before_end();
	next.exit(status);
	__builtin_unreachable();
}

EXPORT void
quick_exit(int status)
{
	before_end();
	next.quick_exit(status);
	__builtin_unreachable();
}

EXPORT void
_exit(int status)
{
	before_end();
	if (next._exit)
		next._exit(status);
	for (;;)
		syscall(SYS_exit_group, status);
}

EXPORT void
_Exit(int status)
{
	_exit(status);
}

/* ---- err */

EXPORT void
verr(int status, const char *format, va_list arguments)
{
	before_end();
	next.verr(status, format, arguments);
	__builtin_unreachable();
}

EXPORT void
verrx(int status, const char *format, va_list arguments)
{
	before_end();
	next.verrx(status, format, arguments);
	__builtin_unreachable();
}

EXPORT void
err(int status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	verr(status, format, arguments);
}

EXPORT void
errx(int status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	verrx(status, format, arguments);
}

/* ---- error: libc has no form of it that takes a va_list, so its text is made here */

struct message {
	char *text;
	size_t size;
};

/* errno is an input (%m). Where there is no memory the format itself is the text. */
static struct message
format_message(const char *format, va_list arguments)
{
	struct message message = { NULL, 0 };
	va_list again;
	int error = errno, length;

	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0)
		goto out;
	message.size = (size_t)length + 1;
	message.text = mmap(NULL, message.size, PROT_READ | PROT_WRITE,
	                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (message.text == MAP_FAILED) {
		message.text = NULL;
		goto out;
	}
	errno = error;
	vsnprintf(message.text, message.size, format, arguments);
out:
	errno = error;
	return message;
}

static void
release_message(const struct message *message)
{
	int error = errno;

	if (message->text)
		munmap(message->text, message->size);
	errno = error;
}

static bool
before_error(int status)
{
	resolve();
	return status != 0 && ends_now("exit", TRACE_CAUSE_EXIT);
}

/* With error_one_per_line it may return although the status is not 0: then the guest goes on. */
static void
after_error(bool has_ended, const struct message *message)
{
	release_message(message);
	if (has_ended)
		ends_revive();
}

EXPORT void
error(int status, int number, const char *format, ...)
{
	struct message message;
	va_list arguments;
	bool has_ended;

	va_start(arguments, format);
	message = format_message(format, arguments);
	va_end(arguments);
	has_ended = before_error(status);
	next.error(status, number, "%s", message.text ? message.text : format);
	after_error(has_ended, &message);
}

EXPORT void
error_at_line(int status, int number, const char *file, unsigned line, const char *format, ...)
{
	struct message message;
	va_list arguments;
	bool has_ended;

	va_start(arguments, format);
	message = format_message(format, arguments);
	va_end(arguments);
	has_ended = before_error(status);
	next.error_at_line(status, number, file, line, "%s", message.text ? message.text : format);
	after_error(has_ended, &message);
}

/* ---- pthread_exit */

EXPORT void
pthread_exit(void *result)
{
	resolve();
	if (gettid() == getpid() && ends_is_single_threaded())
		ends_now("exit", TRACE_CAUSE_EXIT);
	next.pthread_exit(result);
	__builtin_unreachable();
}

/* ---- the backstop */

static __attribute__((destructor)) void
ends_late(void)
{
	ends_now("exit-late", TRACE_CAUSE_EXIT_LATE);
}
