/*
 * Called before each process that the library makes. /proc shows both namespaces, that of the
 * children as soon as it has its first process:
 *
 *     /proc/thread-self/ns/             pid     pid_for_children
 *     not asked for another one         A       A
 *     another one, in use               A       B
 *     another one, without a process    A       ENOENT, but the link is there
 *
 * Not /proc/self: once main has ended by pthread_exit that shows no namespaces at all, and others
 * than main have namespaces of their own.
 */
#include "preload/process/namespace.h"

#include <errno.h>
#include <sys/stat.h>

#define OWN "/proc/thread-self/ns/pid"
#define OF_CHILDREN "/proc/thread-self/ns/pid_for_children"

bool
namespace_of_children_differs(void)
{
	struct stat own, of_children;

	if (!stat(OF_CHILDREN, &of_children))
		return !stat(OWN, &own) && own.st_ino != of_children.st_ino;
	return errno == ENOENT && !lstat(OF_CHILDREN, &of_children);
}
