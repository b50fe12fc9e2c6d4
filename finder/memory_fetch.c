/*
 * Bytes of a process by system calls; see memory_fetch.h.
 */
#include "finder/memory_fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

void
memory_fetch_name(char name[MEMORY_FETCH_NAME], pid_t pid, const char *file)
{
	char digits[12];
	size_t count = 0, length = 6;
	__builtin_memcpy(name, "/proc/", length);
	do
		digits[count++] = (char)('0' + pid % 10);
	while ((pid /= 10) > 0);
	while (count > 0)
		name[length++] = digits[--count];
	name[length++] = '/';
	while (length + 1 < MEMORY_FETCH_NAME && *file)
		name[length++] = *file++;
	name[length] = '\0';
}

int
memory_fetch_open(struct memory_fetch *fetch, pid_t pid, uint64_t probe)
{
	uint64_t seen;
	char name[MEMORY_FETCH_NAME];
	*fetch = (struct memory_fetch){.pid = pid, .fd = -1};
	if (memory_fetch(fetch, probe, &seen, sizeof(seen)) == sizeof(seen))
		return 0;
	int why = errno;
	memory_fetch_name(name, pid, "mem");
	fetch->fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fetch->fd >= 0 && memory_fetch(fetch, probe, &seen, sizeof(seen)) == sizeof(seen))
		return 0;
	memory_fetch_close(fetch);
	errno = why;
	return -1;
}

void
memory_fetch_close(struct memory_fetch *fetch)
{
	if (fetch->fd >= 0)
		close(fetch->fd);
	fetch->fd = -1;
}

size_t
memory_fetch(const struct memory_fetch *fetch, uint64_t address, void *into, size_t size)
{
	struct iovec local = {.iov_base = into, .iov_len = size};
	struct iovec remote = {.iov_base = (void *)(uintptr_t)address, .iov_len = size};
	ssize_t got = fetch->fd >= 0
	    ? pread(fetch->fd, into, size, (off_t)address)
	    : syscall(SYS_process_vm_readv, fetch->pid, &local, 1, &remote, 1, 0);
	return got > 0 ? (size_t)got : 0;
}
