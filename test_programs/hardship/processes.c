/* Every way to make a process, while eight threads allocate. */
#include "test_programs/hardship/hardship.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK = 256 * 1024 };

static void
child_work(void)
{
	churn(20);
	_exit(0);
}

static void
by_fork(unsigned times)
{
	crowd_start();
	for (unsigned i = 0; i < times; i++) {
		pid_t pid = fork();

		if (pid == 0)
			child_work();
		reap(pid);
	}
	crowd_stop();
}

/* No handler runs: what the other threads were at stays as it was. The child allocates only when
 * nobody else did, as malloc's own locks are not made whole either. */
static void
by_bare_fork(unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		pid_t pid;

		churn(10);
		pid = _Fork();
		if (pid == 0)
			child_work();
		reap(pid);
	}
}

static void
by_raw_clone(unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		long pid;

		churn(10);
		pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
		if (pid == 0) {
			expect(getpid() == syscall(SYS_getpid), "getpid");
			child_work();
		}
		reap((pid_t)pid);
	}
}

static void
by_clone3(unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		struct clone_args arguments = { .exit_signal = SIGCHLD };
		long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));

		if (pid == 0)
			child_work();
		reap((pid_t)pid);
	}
}

static int
clone_work(void *unused)
{
	churn(20);
	return 0;
}

/* libc's clone on a stack of the program's own; every other child shares the memory, as vfork's. */
static void
by_clone(unsigned times)
{
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	expect(stack != MAP_FAILED, "mmap");
	for (unsigned i = 0; i < times; i++) {
		int flags = i % 2 ? CLONE_VM | CLONE_VFORK | SIGCHLD : SIGCHLD;

		reap(clone(clone_work, stack + STACK, flags, NULL));
		churn(10);
	}
	munmap(stack, STACK);
}

static int
bare_work(void *unused)
{
	char *const arguments[] = { "none", NULL };

	execv("/no/such/program", arguments);
	_exit(0);
}

/* The child shares the memory and has thread-local storage of zeros, as a browser's sandbox makes
 * it: no thread descriptor, and no variable by its address. */
static void
by_clone_without_thread(unsigned times)
{
	static _Alignas(64) char storage[STACK];
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	expect(stack != MAP_FAILED, "mmap");
	for (unsigned i = 0; i < times; i++) {
		reap(clone(bare_work, stack + STACK,
		           CLONE_VM | CLONE_VFORK | CLONE_SETTLS | SIGCHLD, NULL, NULL,
		           storage + STACK / 2));
		churn(10);
	}
	munmap(stack, STACK);
}

static void
by_vfork(unsigned times)
{
	char *const arguments[] = { "true", NULL };

	crowd_start();
	for (unsigned i = 0; i < times; i++) {
		pid_t pid = vfork();

		if (pid == 0) {
			execv(i % 2 ? "/bin/true" : "/no/such/program", arguments);
			_exit(0);
		}
		reap(pid);
	}
	crowd_stop();
}

static void
by_spawn(unsigned times)
{
	char *const arguments[] = { "true", NULL };

	crowd_start();
	for (unsigned i = 0; i < times; i++) {
		pid_t pid;

		expect(posix_spawn(&pid, "/bin/true", NULL, NULL, arguments, environ) == 0,
		       "spawn");
		reap(pid);
	}
	crowd_stop();
}

static void *
exec_true(void *unused)
{
	execl("/bin/true", "true", NULL);
	return NULL;
}

/* exec ends all the others in the middle of whatever they do. */
static void
exec_from_thread(unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			pthread_t thread;

			crowd_start();
			expect(!pthread_create(&thread, NULL, exec_true, NULL), "pthread_create");
			pthread_join(thread, NULL);
			_exit(8);
		}
		reap(pid);
	}
}

/* exit while eight threads allocate: destructors and the exit snapshot meet them. */
static void
exit_in_crowd(unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			crowd_start();
			churn(100);
			exit(0);
		}
		reap(pid);
	}
}

static void *
fork_in_thread(void *times)
{
	for (unsigned i = 0; i < *(unsigned *)times; i++) {
		pid_t pid = fork();

		if (pid == 0)
			child_work();
		reap(pid);
	}
	return NULL;
}

/* Four threads that fork at the same time. */
static void
fork_together(unsigned times)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		expect(!pthread_create(&threads[i], NULL, fork_in_thread, &times),
		       "pthread_create");
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

/* As a service goes to the background: two forks, a session, no descriptor left but the pipe that
 * tells the test when it is over. */
static void
daemonise(unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		int ends[2];
		char word = 0;
		pid_t pid;

		expect(pipe(ends) == 0, "pipe");
		pid = fork();
		if (pid == 0) {
			setsid();
			if (fork() != 0)
				_exit(0);
			dup2(ends[1], 0);
			closefrom(1);
			expect(open("/dev/null", O_RDWR) == 1 && dup(1) == 2, "descriptors");
			churn(200);
			expect(write(0, "x", 1) == 1, "write");
			_exit(0);
		}
		reap(pid);
		close(ends[1]);
		expect(read(ends[0], &word, 1) == 1 && word == 'x', "the service");
		expect(read(ends[0], &word, 1) == 0, "its end");
		close(ends[0]);
	}
}

const struct hardship hardships[] = {
	{ "fork", by_fork, 500, 10000 },
	{ "_Fork", by_bare_fork, 50, 2000 },
	{ "raw_clone", by_raw_clone, 50, 2000 },
	{ "clone3", by_clone3, 20, 1000 },
	{ "clone", by_clone, 40, 2000 },
	{ "clone_without_thread", by_clone_without_thread, 20, 1000 },
	{ "vfork", by_vfork, 60, 2000 },
	{ "posix_spawn", by_spawn, 40, 2000 },
	{ "exec_from_thread", exec_from_thread, 20, 500 },
	{ "exit_in_crowd", exit_in_crowd, 20, 500 },
	{ "fork_together", fork_together, 30, 1000 },
	{ "daemonise", daemonise, 5, 200 },
	{ 0 },
};
