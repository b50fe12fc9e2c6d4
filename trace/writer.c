/*
 * The life of a trace file: created under a name that was free, kept mapped, left or removed.
 * A draft has no file yet: its header is private memory until a file's takes its place.
 * Called only inside the guest (preload/ and its snapshot child); tables are table.c, space in the
 * file is space.c.
 *
 * The rule that must never break: a file that we did not create is never opened for writing,
 * truncated or removed. Whatever a path means now is proved by device and inode first.
 */
#include "trace/space.h"
#include "trace/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TAKEN_NAMES_MAX = 9999 };

/* Puts "PATH" or, from the first taken name on, "PATH.NUMBER" into writer->path. */
static int
name_file(struct trace_writer *writer, const char *path, unsigned number)
{
	char digits[12];
	size_t length = strlen(path), at = sizeof(digits);

	while (number > 0) {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
		if (number == 0)
			digits[--at] = '.';
	}
	if (length + (sizeof(digits) - at) >= sizeof(writer->path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(writer->path, path, length);
	memcpy(writer->path + length, digits + at, sizeof(digits) - at);
	writer->path[length + sizeof(digits) - at] = '\0';
	return 0;
}

static int
open_new(struct trace_writer *writer, const char *path)
{
	int fd = -1;

	for (unsigned number = 0; fd < 0 && number <= TAKEN_NAMES_MAX; number++) {
		if (name_file(writer, path, number) != 0)
			return -1;
		fd = open(writer->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0 && errno != EEXIST)
			return -1;
	}
	return fd;
}

static uint64_t
clock_ns(clockid_t clock)
{
	struct timespec now = { 0, 0 };

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The magic comes last: before it the file is nobody's trace yet. */
static void
fill_header(struct trace_header *header, const char *program)
{
	strncpy(header->program, program, sizeof(header->program) - 1);
	header->version = TRACE_VERSION;
	header->byte_order = TRACE_BYTE_ORDER;
	header->header_size = TRACE_HEADER_SIZE;
	header->chunk_size = TRACE_CHUNK_SIZE;
	header->pid = (uint32_t)getpid();
	header->parent_pid = (uint32_t)getppid();
	header->start_realtime_ns = clock_ns(CLOCK_REALTIME);
	header->start_monotonic_ns = clock_ns(CLOCK_MONOTONIC);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	memcpy(header->magic, TRACE_MAGIC, sizeof(header->magic));
}

/* Fills device, inode and header of a file that was just created. */
static int
map_header(struct trace_writer *writer)
{
	struct stat status;
	void *at;

	if (fstat(writer->fd, &status) != 0)
		return -1;
	writer->device = status.st_dev;
	writer->inode = status.st_ino;
	/* The guest's umask may have taken away more than it should. */
	if (fchmod(writer->fd, 0600) != 0 ||
	    trace_space_reserve(writer->fd, 0, TRACE_HEADER_SIZE) != 0)
		return -1;
	at = mmap(NULL, TRACE_HEADER_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, writer->fd, 0);
	if (at == MAP_FAILED)
		return -1;
	writer->header = at;
	return 0;
}

static bool
is_ours(const struct trace_writer *writer, const struct stat *status)
{
	return status->st_dev == writer->device && status->st_ino == writer->inode;
}

void
trace_remove(struct trace_writer *writer)
{
	struct stat status;

	if (lstat(writer->path, &status) == 0 && is_ours(writer, &status))
		unlink(writer->path);
}

int
trace_create(struct trace_writer *writer, const char *path, const char *program)
{
	int cause, fd;

	memset(writer, 0, sizeof(*writer));
	writer->fd = -1;
	if (path[0] != '/') {
		errno = EINVAL;
		return -1;
	}
	fd = open_new(writer, path);
	if (fd < 0)
		return -1;
	writer->fd = trace_space_move_away(fd);
	if (map_header(writer) != 0) {
		cause = errno;
		trace_remove(writer);
		close(writer->fd);
		writer->fd = -1;
		errno = cause;
		return -1;
	}
	fill_header(writer->header, program);
	return 0;
}

int
trace_draft(struct trace_writer *writer, const char *path, const char *program)
{
	memset(writer, 0, sizeof(*writer));
	writer->fd = -1;
	writer->is_draft = true;
	if (name_file(writer, path, 0))
		return -1;
	writer->header = mmap(NULL, TRACE_HEADER_SIZE, PROT_READ | PROT_WRITE,
	                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (writer->header == MAP_FAILED) {
		writer->header = NULL;
		return -1;
	}
	fill_header(writer->header, program);
	return 0;
}

void
trace_detach(struct trace_writer *writer)
{
	writer->is_draft = true;
	trace_space_copy(writer->header, TRACE_HEADER_SIZE, TRACE_HEADER_SIZE);
}

void
trace_continue(struct trace_header *into, const struct trace_header *from)
{
	into->start_realtime_ns = from->start_realtime_ns;
	into->start_monotonic_ns = from->start_monotonic_ns;
	memcpy(&into->threads_seen, &from->threads_seen,
	       offsetof(struct trace_header, notice) - offsetof(struct trace_header, threads_seen));
	memcpy(into->notice, from->notice, sizeof(into->notice));
}

int
trace_take_place(struct trace_writer *writer, struct trace_header *of)
{
	if (mremap(writer->header, TRACE_HEADER_SIZE, TRACE_HEADER_SIZE,
	           MREMAP_MAYMOVE | MREMAP_FIXED, of) == MAP_FAILED)
		return -1;
	writer->header = of;
	return 0;
}

void
trace_end(struct trace_writer *writer, enum trace_end end)
{
	if (writer->header)
		__atomic_store_n(&writer->header->end, (uint32_t)end, __ATOMIC_RELEASE);
}

void
trace_leave(struct trace_writer *writer)
{
	struct stat status;

	if (!writer->header)
		return;
	munmap(writer->header, TRACE_HEADER_SIZE);
	writer->header = NULL;
	/* The number may be the guest's by now; then it is not ours to close. */
	if (writer->fd >= 0 && fstat(writer->fd, &status) == 0 && is_ours(writer, &status))
		close(writer->fd);
	writer->fd = -1;
}

void
trace_abandon(struct trace_writer *writer)
{
	int cause = errno;

	trace_remove(writer);
	trace_leave(writer);
	errno = cause;
}

/* The last byte is never written, so a reader always finds an end. */
void
trace_notice(struct trace_writer *writer, const char *sentence)
{
	size_t length;
	char *notice;

	if (!writer->header)
		return;
	notice = writer->header->notice;
	length = strnlen(sentence, sizeof(writer->header->notice) - 1);
	memcpy(notice, sentence, length);
	memset(notice + length, 0, sizeof(writer->header->notice) - 1 - length);
}
