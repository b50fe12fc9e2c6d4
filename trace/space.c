/*
 * How the trace file grows. header.chunks is the allocator: whoever moves it on owns the chunks in
 * between, be it a thread of the guest or the child that takes a snapshot.
 *
 *     fetch_add(header.chunks) --> fallocate --> mmap --> the caller labels the chunk
 *                                      |           |
 *                                      +-----------+--> on failure the number is given back, if
 *                                                       nobody has taken a later one meanwhile
 *
 * So a chunk is never shared, and what a failure or a SIGKILL leaves is at worst a chunk of kind
 * FREE or a header.chunks that is ahead of the file: the reader accepts both.
 *
 * The rule that must never break: no byte is mapped before its space is reserved. A file that was
 * only made longer turns a full disk into a SIGBUS in the guest.
 */
#include "trace/space.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { DESCRIPTOR_CEILING = 1024 }; /* a higher number would make the guest's fd table grow */

int
trace_space_move_away(int fd)
{
	struct rlimit limit;
	rlim_t ceiling = DESCRIPTOR_CEILING;
	int away;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < ceiling)
		ceiling = limit.rlim_cur;
	away = fcntl(fd, F_DUPFD_CLOEXEC, (int)(ceiling - ceiling / 4));
	if (away < 0)
		return fd;
	close(fd);
	return away;
}

static bool
is_ours(const struct trace_writer *writer, int fd)
{
	struct stat status;

	return fd >= 0 && fstat(fd, &status) == 0 && status.st_dev == writer->device &&
	       status.st_ino == writer->inode;
}

int
trace_space_descriptor(struct trace_writer *writer)
{
	int known = __atomic_load_n(&writer->fd, __ATOMIC_ACQUIRE);
	int fd;

	if (is_ours(writer, known))
		return known;
	/* The number belongs to the guest now: it is left alone, not closed. */
	fd = open(writer->path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (!is_ours(writer, fd)) {
		if (fd >= 0)
			close(fd);
		errno = EBADF;
		return -1;
	}
	fd = trace_space_move_away(fd);
	if (__atomic_compare_exchange_n(&writer->fd, &known, fd, false, __ATOMIC_ACQ_REL,
	                                __ATOMIC_ACQUIRE))
		return fd;
	close(fd); /* another thread was faster, and has proved its own */
	return known;
}

/* For file systems without fallocate. Safe for a chunk that was just taken: nobody else writes
 * there. */
static int
write_zeros(int fd, uint64_t offset, uint64_t size)
{
	static const uint8_t zeros[TRACE_HEADER_SIZE];

	while (size > 0) {
		ssize_t done = pwrite(fd, zeros, size < sizeof(zeros) ? size : sizeof(zeros),
		                      (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		if (done == 0) {
			errno = ENOSPC;
			return -1;
		}
		offset += (uint64_t)done;
		size -= (uint64_t)done;
	}
	return 0;
}

int
trace_space_reserve(int fd, uint64_t offset, uint64_t size)
{
	struct rlimit limit;
	int result;

	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
	    offset + size > limit.rlim_cur) {
		errno = EFBIG;
		return -1;
	}
	do
		result = fallocate(fd, 0, (off_t)offset, (off_t)size);
	while (result != 0 && errno == EINTR);
	if (result != 0 && (errno == EOPNOTSUPP || errno == ENOSYS))
		return write_zeros(fd, offset, size);
	return result;
}

static uint64_t
offset_of(uint32_t chunk)
{
	return TRACE_HEADER_SIZE + (uint64_t)chunk * TRACE_CHUNK_SIZE;
}

/* Gives chunks back, where nobody took more meanwhile. */
static void
give_back(struct trace_writer *writer, uint32_t first, uint32_t run)
{
	uint32_t after = first + run;

	__atomic_compare_exchange_n(&writer->header->chunks, &after, first, false, __ATOMIC_ACQ_REL,
	                            __ATOMIC_RELAXED);
}

int
trace_space_number(struct trace_writer *writer, uint32_t run, uint32_t *first)
{
	int fd = trace_space_descriptor(writer);

	if (fd < 0)
		return -1;
	*first = __atomic_fetch_add(&writer->header->chunks, run, __ATOMIC_ACQ_REL);
	if (trace_space_reserve(fd, offset_of(*first), (uint64_t)run * TRACE_CHUNK_SIZE) == 0)
		return fd;
	give_back(writer, *first, run);
	return -1;
}

struct trace_chunk *
trace_space_take(struct trace_writer *writer, uint32_t run)
{
	uint32_t first;
	void *at;
	int fd;

	if (writer->is_draft) {
		at = mmap(NULL, (size_t)run * TRACE_CHUNK_SIZE, PROT_READ | PROT_WRITE,
		          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		return at == MAP_FAILED ? NULL : at;
	}
	fd = trace_space_number(writer, run, &first);
	if (fd < 0)
		return NULL;
	at = mmap(NULL, (size_t)run * TRACE_CHUNK_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
	          (off_t)offset_of(first));
	if (at != MAP_FAILED)
		return at;
	give_back(writer, first, run);
	return NULL;
}

int
trace_space_move(int fd, uint32_t number, struct trace_chunk *chunk,
                 const struct trace_chunk *label, size_t size)
{
	struct iovec parts[] = {
		{ (void *)(uintptr_t)label, sizeof(*label) },
		{ chunk + 1, size },
	};
	ssize_t done;

	do
		done = pwritev(fd, parts, 2, (off_t)offset_of(number));
	while (done < 0 && errno == EINTR);
	if (done < 0)
		return -1;
	if ((size_t)done != sizeof(*label) + size) {
		errno = EIO;
		return -1;
	}
	return mmap(chunk, TRACE_CHUNK_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
	            (off_t)offset_of(number)) == MAP_FAILED ? -1 : 0;
}

int
trace_space_copy(void *at, size_t size, size_t room)
{
	void *copy = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (copy == MAP_FAILED)
		return -1;
	memcpy(copy, at, size);
	if (mremap(copy, room, room, MREMAP_MAYMOVE | MREMAP_FIXED, at) == MAP_FAILED) {
		munmap(copy, room);
		return -1;
	}
	return 0;
}
