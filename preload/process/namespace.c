/*
 * Called before each process that the library makes. /proc shows both namespaces, one of processes
 * as soon as it has its first process:
 *
 *     /proc/thread-self/ns/             pid     pid_for_children     time    time_for_children
 *     not asked for another one         A       A                    A       A
 *     another one, in use               A       B                    A       B
 *     another one, without a process    A       ENOENT, a link       A       B
 *
 * Not /proc/self: once main has ended by pthread_exit that shows no namespaces at all, and others
 * than main have namespaces of their own.
 */
#include "preload/process/namespace.h"

#include <errno.h>
#include <sys/stat.h>

#define OWN "/proc/thread-self/ns/"

static bool
namespace_differs(const char *own_link, const char *children_link)
{
	struct stat own, of_children;

	if (!stat(children_link, &of_children))
		return !stat(own_link, &own) && own.st_ino != of_children.st_ino;
	return errno == ENOENT && !lstat(children_link, &of_children);
}

bool
namespace_of_children_differs(void)
{
	struct stat self;

	return stat("/proc/self", &self) || namespace_differs(OWN "pid", OWN "pid_for_children") ||
	       namespace_differs(OWN "time", OWN "time_for_children");
}
