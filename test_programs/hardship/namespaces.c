/*
 * A program that is elsewhere from some moment on: in another root, as another user, with children
 * in namespaces of their own.
 */
#include "test_programs/hardship/hardship.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void
in_empty_root(unsigned times)
{
	char folder[] = "empty.XXXXXX";

	expect(mkdtemp(folder) != NULL, folder);
	if (chroot(folder)) /* not as root: in a user namespace, where one may be made */
		expect(!unshare(CLONE_NEWUSER) && !chroot(folder), "chroot");
	expect(!chdir("/"), "chdir");
	marks(times);
}

static void
other_user(unsigned times)
{
	if (unshare(CLONE_NEWUSER)) /* a container or a changed root may refuse it: then as servers
	                             * do */
		expect(!setgid(65534) && !setuid(65534), "setuid");
	expect(geteuid() == 65534, "nobody");
	marks(times);
}

static pid_t
child_that(void (*act)(void))
{
	pid_t pid = fork();

	if (pid == 0) {
		act();
		exit(0);
	}
	return pid;
}

static void
be_first(void)
{
	expect(getpid() == 1, "the first of a namespace is the program's own child");
	churn(500);
	for (;;)
		pause();
}

static void
be_another(void)
{
	expect(getpid() > 1, "another one");
	churn(500);
}

static void *
wait_for_word(void *word)
{
	char byte;

	expect(read((int)(intptr_t)word, &byte, 1) == 0, "the word");
	return NULL;
}

/* Beside a thread, where snapshots fork; only root can have one then. Returns as unshare does. */
static int
unshare_beside_thread(int namespace)
{
	pthread_t thread;
	int word[2];

	expect(!pipe2(word, O_CLOEXEC), "pipe");
	expect(!pthread_create(&thread, NULL, wait_for_word, (void *)(intptr_t)word[0]),
	       "a thread");
	if (!unshare(namespace))
		return 0;
	expect(!close(word[1]) && !pthread_join(thread, NULL), "the thread's end");
	return unshare(CLONE_NEWUSER | namespace);
}

/* The next child is the first of a namespace: with its end the others' comes, it is over only when
 * all of them have been waited for, and no more can be made. So it must be the program's own,
 * before, while and after it lives, and so must all the others. */
static void
other_processes(unsigned times)
{
	pid_t first;

	expect(!unshare_beside_thread(CLONE_NEWPID), "unshare");
	marks(times);
	first = child_that(be_first);
	expect(first > 0, "the first child");
	marks(times);
	reap(child_that(be_another));
	expect(!kill(first, SIGKILL) && waitpid(first, NULL, 0) == first, "the end");
	marks(times);
	expect(fork() < 0 && errno == ENOMEM, "no more");
	marks(times);
}

static void
be_first_with_proc(void)
{
	if (!mount("proc", "/proc", "proc", 0, NULL))
		be_first();
}

/* The same, and /proc shows the namespace of the children, in which the program is not. */
static void
proc_of_others(unsigned times)
{
	struct stat self;
	pid_t first;

	expect(!unshare_beside_thread(CLONE_NEWPID | CLONE_NEWNS), "unshare");
	expect(!mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), "mounts of its own");
	first = child_that(be_first_with_proc);
	while (!stat("/proc/self", &self)) {
		if (waitpid(first, NULL, WNOHANG) == first) /* where parts of /proc are masked */
			return;
		sched_yield();
	}
	marks(times);
	expect(!kill(first, SIGKILL) && waitpid(first, NULL, 0) == first, "the end");
	marks(times);
}

static struct timespec parents_clock;

static void
see_clock(void)
{
	struct timespec now;

	churn(500);
	expect(!clock_gettime(CLOCK_MONOTONIC, &now) &&
	           now.tv_sec - parents_clock.tv_sec >= 1000000, "the clock is set");
}

/* The next child is the first of a time namespace, whose clocks can be set until it is there. */
static void
other_clock(unsigned times)
{
	static const char clocks[] = "monotonic 1000000 0";
	int file;

	if (unshare_beside_thread(CLONE_NEWTIME)) {
		expect(errno == EINVAL, "a kernel before 5.6");
		return;
	}
	marks(times);
	file = open("/proc/self/timens_offsets", O_WRONLY);
	expect(file >= 0 && write(file, clocks, sizeof(clocks) - 1) == sizeof(clocks) - 1,
	       "set the clocks");
	close(file);
	marks(times);
	clock_gettime(CLOCK_MONOTONIC, &parents_clock);
	for (unsigned i = 0; i < times; i++)
		reap(child_that(see_clock));
	marks(times);
}

const struct hardship hardships[] = {
	{ "in_empty_root", in_empty_root, 10, 300 },
	{ "other_user", other_user, 10, 300 },
	{ "other_processes", other_processes, 10, 300 },
	{ "proc_of_others", proc_of_others, 10, 300 },
	{ "other_clock", other_clock, 10, 300 },
	{ 0 },
};
