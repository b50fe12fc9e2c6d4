/*
 * The loader's lists of objects; see loaded.h.
 *
 *     _r_debug --> link map --> link map --> ... --> NULL
 *        '--> the next namespace (dlmopen) --> link map --> ...
 *
 * Another thread may be adding to a list, or closing what is in it, while it is read here: the
 * loader's locks must not be taken (the thread that holds them may be waiting for one of ours). So
 * what is read may be gone, and every read is a system call that fails where a load would fault.
 */
#include "preload/stacks/loaded.h"

#include <link.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	OBJECTS_MAX = 4096, /* a list that is being changed may have no end */
	NAMESPACES_MAX = 16,
	VERSION_WITH_NEXT = 2, /* of r_debug, from which on it leads to the next one */
};

static bool
read_at(const void *from, void *into, size_t size)
{
	struct iovec local = { into, size }, remote = { (void *)(uintptr_t)from, size };

	return syscall(SYS_process_vm_readv, getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size;
}

static bool
list_all(const struct link_map *map, bool (*visit)(uint64_t dynamic))
{
	struct link_map object;

	for (int i = 0; map; map = object.l_next)
		if (++i > OBJECTS_MAX || !read_at(map, &object, sizeof(object)) ||
		    !visit((uintptr_t)object.l_ld))
			return false;
	return true;
}

bool
loaded_all(bool (*visit)(uint64_t dynamic))
{
	const void *at = &_r_debug;
	struct r_debug_extended space;

	for (int i = 0; at; i++) {
		space.r_next = NULL;
		if (i == NAMESPACES_MAX || !read_at(at, &space.base, sizeof(space.base)) ||
		    !list_all(space.base.r_map, visit) ||
		    (space.base.r_version >= VERSION_WITH_NEXT &&
		     !read_at(at, &space, sizeof(space))))
			return false;
		at = space.r_next;
	}
	return true;
}
