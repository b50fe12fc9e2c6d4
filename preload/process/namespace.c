/*
 * Called before each process that the library makes. Until a namespace has its first process the
 * kernel shows the link to it, but nothing behind the link:
 *
 *     /proc/thread-self/ns/pid_for_children     lstat    open
 *     the own namespace, or one in use          there    there
 *     a new one                                 there    ENOENT
 *     an older kernel, no /proc                 ENOENT   ENOENT
 *
 * Not /proc/self: once main has ended by pthread_exit that shows no namespaces at all.
 */
#include "preload/process/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINK "/proc/thread-self/ns/pid_for_children"

bool
namespace_awaits_first(void)
{
	struct stat status;
	int fd = open(LINK, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd < 0 && errno == ENOENT && !lstat(LINK, &status);
}
