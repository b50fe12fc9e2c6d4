/*
 * The child that takes a snapshot: a frozen copy of the guest that must not act as one. Started by
 * snapshot.c with all signals blocked and our locks held.
 *
 * Rules: it leaves nothing of the guest open (a pipe must end when the guest does), runs none of
 * its handlers, leaves no core, takes no lock that another thread may have held, and never returns.
 * It runs on a stack of its own, since that of the guest's thread may be small.
 */
#include "preload/snapshot_child.h"

#include "preload/hidden.h"
#include "preload/tracer.h"

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	CHILD_STACK = 512 * 1024,
	SIGNALS = 64,
	DESCRIPTORS_MAX = 65536, /* closed one by one where the kernel has no close_range */
};

static uint8_t *child_stack;

/* No handler of the guest runs here: all signals are blocked, and a fault must kill. */
static void
child_forget_handlers(void)
{
	struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		uint64_t mask;
	} standard = { 0 };

	for (int number = 1; number <= SIGNALS; number++)
		syscall(SYS_rt_sigaction, number, &standard, NULL, sizeof(standard.mask));
}

static void
close_between(unsigned first, unsigned last)
{
	struct rlimit limit = { DESCRIPTORS_MAX, DESCRIPTORS_MAX };

	if (first > last || syscall(SYS_close_range, first, last, 0) == 0)
		return;
	getrlimit(RLIMIT_NOFILE, &limit);
	if (last >= limit.rlim_cur)
		last = (unsigned)limit.rlim_cur;
	for (unsigned fd = first; fd <= last && fd < DESCRIPTORS_MAX; fd++)
		syscall(SYS_close, fd);
}

/* All but the trace's, if that descriptor still is the trace. */
static void
child_close_descriptors(void)
{
	int kept = tracer.writer.fd;
	struct stat status;

	if (kept < 0 || fstat(kept, &status) < 0 || status.st_dev != tracer.writer.device ||
	    status.st_ino != tracer.writer.inode) {
		close_between(0, ~0u);
		return;
	}
	if (kept > 0)
		close_between(0, (unsigned)kept - 1);
	close_between((unsigned)kept + 1, ~0u);
}

/* A search that falls after all leaves no core of the guest: at a limit of 1 the kernel does not
 * even start the program that cores are piped to. */
static void
child_forbid_core(void)
{
	struct rlimit limit = { 0, 0 };

	getrlimit(RLIMIT_CORE, &limit);
	limit.rlim_cur = limit.rlim_max > 0;
	setrlimit(RLIMIT_CORE, &limit);
}

static int
child_main(void *argument)
{
	struct snapshot_job *job = argument;

	child_forbid_core();
	child_forget_handlers();
	child_close_descriptors();
	hidden_after_fork();
	if (snapshot_gather(job) < 0)
		snapshot_cut(job->index, "no memory to copy the live blocks");
	else
		snapshot_write(job);
	syscall(SYS_exit_group, 0);
	return 0;
}

/* libc's clone runs no handlers of pthread_atfork. Another thread may be adding to the list of what
 * is hidden: the child reads that list. */
pid_t
snapshot_child_start(struct snapshot_job *job, bool has_locks)
{
	pid_t pid;

	if (!child_stack)
		child_stack = hidden_map(CHILD_STACK);
	if (!child_stack)
		return -1;
	if (has_locks)
		hidden_lock();
	pid = clone(child_main, child_stack + CHILD_STACK, 0, job);
	if (has_locks)
		hidden_unlock();
	return pid;
}
