/*
 * The child that takes a snapshot. Started by snapshot.c with all signals blocked and our locks
 * held.
 *
 *     copy     a frozen copy of the guest, that goes on meanwhile     clone(no exit signal)
 *     visitor  a process of its own in the guest's very memory        clone(CLONE_VM | CLONE_VFORK)
 *
 * Rules: it leaves nothing of the guest open (a pipe must end when the guest does), runs none of
 * its handlers, leaves no core, takes no lock that another thread may have held, and never returns.
 * It runs on a stack of its own, since that of the guest's thread may be small. A visitor is a
 * process so that what it meets cannot harm the guest: its faults are its own, and it ends by them.
 * A debugger sees neither of them (CLONE_UNTRACED): it would take them for threads of the guest. Of
 * the breakpoints that it has put into the guest's code they know nothing; one that they come upon
 * ends them.
 */
#include "preload/snapshot/snapshot_child.h"

#include "preload/hidden.h"
#include "preload/process/namespace.h"
#include "preload/process/tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	CHILD_STACK = 512 * 1024,
	SIGNALS = 64,
	DESCRIPTORS_MAX = 65536, /* closed one by one where the kernel has no close_range */
};

/* As the kernel takes it: libc's own sigaction may be the guest's. */
struct kernel_action {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(int);
	uint64_t mask;
};
#define KERNEL_RESTORER 0x04000000ul

static uint8_t *child_stack;

/* No handler of the guest runs here: all signals are blocked, and a fault must kill. */
static void
child_forget_handlers(void)
{
	struct kernel_action standard = { 0 };

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

/* Where memory runs out, what is given up is this look and not the guest: a copy looks as large as
 * its original, and its pages are copied when the guest writes on. Not for a visitor: who shares
 * the guest's memory takes the guest along. */
static void
copy_die_first(void)
{
	static const char most[] = "1000";
	long file = syscall(SYS_openat, AT_FDCWD, "/proc/self/oom_score_adj", O_WRONLY);

	if (file < 0)
		return;
	syscall(SYS_write, file, most, sizeof(most) - 1);
	syscall(SYS_close, file);
}

static void
child_search(struct snapshot_job *job)
{
	if (snapshot_gather(job) < 0)
		snapshot_cut(job->index, "no memory to copy the live blocks");
	else
		snapshot_write(job);
	syscall(SYS_exit_group, 0);
}

static int
copy_main(void *argument)
{
	struct snapshot_job *job = argument;

	child_forbid_core();
	copy_die_first();
	child_forget_handlers();
	child_close_descriptors();
	hidden_after_fork();
	job->is_copy = true;
	child_search(job);
	return 0;
}

static void
visitor_fall(int number)
{
	(void)number;
	syscall(SYS_exit_group, SNAPSHOT_CHILD_FELL);
}

/* By the signal itself it would die with a core, for which older kernels end all who share its
 * memory. The handler never returns, so what would restore its frame is never called. */
static void
visitor_catch_faults(void)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
	struct kernel_action fall = {
		.handler = visitor_fall, .flags = KERNEL_RESTORER, .restorer = visitor_fall,
	};
	uint64_t unblocked = 0;

	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		syscall(SYS_rt_sigaction, faults[i], &fall, NULL, sizeof(fall.mask));
		unblocked |= 1ull << (faults[i] - 1);
	}
	syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &unblocked, NULL, sizeof(unblocked));
}

static int
visitor_main(void *argument)
{
	child_forbid_core();
	child_forget_handlers();
	visitor_catch_faults();
	child_close_descriptors();
	child_search(argument);
	return 0;
}

/* Whether a child can be made, and the guest is not harmed by one. */
static bool
may_start(void)
{
	if (!child_stack)
		child_stack = hidden_map(CHILD_STACK);
	return child_stack && !namespace_of_children_differs();
}

/* libc's clone runs no handlers of pthread_atfork. Another thread may be adding to the list of what
 * is hidden: the child reads that list. */
pid_t
snapshot_child_start(struct snapshot_job *job, bool has_locks)
{
	pid_t pid;

	if (!may_start())
		return -1;
	if (has_locks)
		hidden_lock();
	pid = clone(copy_main, child_stack + CHILD_STACK, CLONE_UNTRACED, job);
	if (has_locks)
		hidden_unlock();
	return pid;
}

static uint64_t
ns_of(struct timeval time)
{
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_usec * 1000;
}

int
snapshot_child_visit(struct snapshot_job *job, int *status, uint64_t *cpu_ns)
{
	struct rusage usage = { 0 };
	pid_t pid;
	long result;

	if (!may_start())
		return -1;
	pid = clone(visitor_main, child_stack + CHILD_STACK,
	            CLONE_VM | CLONE_VFORK | CLONE_UNTRACED, job);
	if (pid < 0)
		return -1;
	*status = 0;
	do
		result = syscall(SYS_wait4, pid, status, __WCLONE, &usage);
	while (result < 0 && errno == EINTR);
	*cpu_ns = ns_of(usage.ru_utime) + ns_of(usage.ru_stime);
	return 0;
}
