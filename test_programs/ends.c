/*
 * Ends in the way that its argument names, with a map of 1,000 entries alive. Each way must leave
 * one snapshot of that map, and end the program as it would have ended anyway.
 */
#include "test_programs/numbers.h"

#include <dlfcn.h>
#include <err.h>
#include <errno.h>
#include <error.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	ENTRIES = 1000,
	STATUS = 3,
};

static void
by_return(void)
{
	/* main returns STATUS. */
}

static void
by_exit(void)
{
	exit(STATUS);
}

static void
by_quick_exit(void)
{
	quick_exit(STATUS);
}

static void
by__exit(void)
{
	_exit(STATUS);
}

static void
by__Exit(void)
{
	_Exit(STATUS);
}

static void
by_err(void)
{
	errno = ENOENT;
	err(STATUS, "err says %s", "so");
}

static void
by_errx(void)
{
	errx(STATUS, "errx says %s", "so");
}

__attribute__((noreturn, format(printf, 1, 2))) static void
call_verr(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	errno = ENOENT;
	verr(STATUS, format, arguments);
}

static void
by_verr(void)
{
	call_verr("verr says %s", "so");
}

__attribute__((noreturn, format(printf, 1, 2))) static void
call_verrx(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	verrx(STATUS, format, arguments);
}

static void
by_verrx(void)
{
	call_verrx("verrx says %s", "so");
}

static void
by_error(void)
{
	error(STATUS, 0, "error says %s", "so");
}

static void
by_error_at_line(void)
{
	error_at_line(STATUS, 0, "file", 7, "error_at_line says %s", "so");
}

/* The last thread's end ends the process with 0. */
static void
by_pthread_exit(void)
{
	pthread_exit(NULL);
}

static void *
outlive_main(void *main_thread)
{
	pthread_join(*(pthread_t *)main_thread, NULL);
	return NULL;
}

/* main's thread goes first; the process ends with the other one. */
static void
by_thread_exit(void)
{
	static pthread_t main_thread;
	pthread_t other;
	main_thread = pthread_self();
	if (pthread_create(&other, NULL, outlive_main, &main_thread) != 0)
		abort();
	pthread_exit(NULL);
}

/* libc's own exit, found behind whatever stands before it: only destructors see this end. */
static void
by_destructor(void)
{
	void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
	void (*libc_exit)(int) = NULL;
	if (libc != NULL)
		*(void **)&libc_exit = dlsym(libc, "exit");
	if (libc_exit == NULL)
		abort();
	libc_exit(STATUS);
}

static void
by_abort(void)
{
	abort();
}

static void
by_kill(void)
{
	raise(SIGKILL);
}

/* A child that ends by _exit, before main returns. */
static void
by_fork(void)
{
	int status;
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		abort();
}

static void
by_exec(void)
{
	execl("/bin/true", "true", (char *)NULL);
	abort();
}

/* The guest goes on as if nothing had been: what follows is its end. */
static void
by_failed_exec(void)
{
	for (int times = 0; times < 3; times++)
		if (execl("/no/such/program", "none", (char *)NULL) != -1 || errno != ENOENT)
			abort();
}

/* A child whose only maps are its parent's, until the exec has failed. */
static void
by_failed_exec_of_child(void)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		free(malloc(ENTRIES)); /* wakes the child's tracing */
		by_failed_exec();
		numbers_add(numbers_new(), 2 * ENTRIES);
		exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		abort();
}

static const struct way {
	const char *name;
	void (*end)(void);
} ways[] = {
    {"return", by_return},         {"exit", by_exit},
    {"quick_exit", by_quick_exit}, {"_exit", by__exit},
    {"_Exit", by__Exit},           {"err", by_err},
    {"errx", by_errx},             {"verr", by_verr},
    {"verrx", by_verrx},           {"error", by_error},
    {"error_at_line", by_error_at_line}, {"pthread_exit", by_pthread_exit},
    {"thread_exit", by_thread_exit}, {"destructor", by_destructor},
    {"abort", by_abort},           {"kill", by_kill},
    {"fork", by_fork},             {"exec", by_exec},
    {"failed_exec", by_failed_exec},
    {"failed_exec_of_child", by_failed_exec_of_child},
};
enum { WAYS = sizeof(ways) / sizeof(*ways) };

static const struct way *
way_named(const char *name)
{
	for (int i = 0; i < WAYS; i++)
		if (strcmp(ways[i].name, name) == 0)
			return &ways[i];
	return NULL;
}

int
main(int argc, char **argv)
{
	const struct way *way = argc == 2 ? way_named(argv[1]) : NULL;
	if (way == NULL) {
		fprintf(stderr, "usage: %s WAY; one of:", argv[0]);
		for (int i = 0; i < WAYS; i++)
			fprintf(stderr, " %s", ways[i].name);
		fputs("\n", stderr);
		return 2;
	}
	struct gomap *map = numbers_new();
	numbers_add(map, ENTRIES);
	printf("%lld entries, ending by %s\n", (long long)map->count, way->name);
	fflush(stdout);
	way->end();
	return STATUS;
}
