/*
 * A sandbox (systemd, minijail, firejail) puts its seccomp filter on and then executes the program,
 * with LD_PRELOAD in its environment. The kernel shows that there is a filter, but not what it
 * does. So where there is one, a child tries out what recording needs:
 *
 *     guest   status says a filter --> clone --> wait
 *     child                              each call of ours --> 0: all are borne
 *                                                          --> killed: the guest is not recorded
 *
 * Called by tracer.c, at the start. The rule that must never break: the guest itself makes no call
 * here but those that the loader has made before (open, read, close, stat of a file), and, under a
 * filter, clone and wait4. What is to be said a second child says, as that takes calls as well.
 */
#include "preload/process/inherited.h"

#include "preload/process/filter.h"
#include "preload/process/namespace.h"
#include "preload/process/settings.h"
#include "preload/process/tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILTERED "\nSeccomp:\t2"

enum { PART = 4096, KEPT = sizeof(FILTERED) - 1 };

/* The list of groups, which comes before it, may be long. */
static bool
is_filtered(void)
{
	char part[KEPT + PART] = "";
	bool is_found = false;
	ssize_t length;
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	while (!is_found && (length = read(fd, part + KEPT, PART)) > 0) {
		is_found = memmem(part, KEPT + (size_t)length, FILTERED, KEPT);
		memmove(part, part + length, KEPT);
	}
	close(fd);
	return is_found;
}

static void
say(void)
{
	settings_read();
	tracer_warn("a system call filter that was in force before this program began kills for "
	            "what recording needs; this program runs untraced");
}

/* In a child that the guest's wait() never sees, without a core; false: it was killed. Where none
 * can be made nothing is known but that the filter, if it was the filter, answers with an error. */
static bool
is_borne(void (*act)(void))
{
	const struct rlimit no_core = { 1, 1 }; /* a program that takes cores heeds no 0 */
	int status = 0;
	long pid = -1, result;

	if (!namespace_of_children_differs())
		pid = syscall(SYS_clone, CLONE_UNTRACED, 0, 0, 0, 0);
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &no_core);
		act();
		syscall(SYS_exit_group, 0);
	}
	if (pid < 0)
		return true;
	do
		result = syscall(SYS_wait4, pid, &status, __WCLONE, NULL);
	while (result < 0 && errno == EINTR);
	return result == pid && status == 0;
}

bool
inherited_harms(void)
{
	int before = errno;
	bool is_harm = is_filtered() && !is_borne(filter_try_calls);

	if (is_harm)
		(void)is_borne(say);
	errno = before;
	return is_harm;
}
