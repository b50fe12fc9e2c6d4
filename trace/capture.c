/*
 * A consistent copy of a file that someone may be writing. Called by trace_open only.
 *
 * The guest publishes what is named before what names it: modules, sites, nodes, stacks, snapshots,
 * rows; and records before the count that covers them. So this copies in the other order, and
 * whatever a copied record names was there when the count of those was read:
 *
 *     count of snapshots --> snapshots --> their rows --> count of stacks --> counts of nodes and
 *     decisions --> counts of sites and profiles --> count of modules --> all other records
 *
 * and asks for the size of the file before each group of records: what was promised so far lies
 * within it. Each arrow is a system call, so that no processor takes two steps at once. Chunks
 * that were labelled too late for their turn stay FREE in the copy. The rule that must never break:
 * nothing is read twice for one purpose, and nothing is mapped: a file cut short under us cannot
 * fault.
 */
#include "trace/capture.h"
#include "trace/failure.h"
#include "trace/kinds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint64_t largest_file = (uint64_t)4 << 30;

struct capture {
	const char *path;
	struct trace_error *error;
	int fd;
	uint8_t *bytes;
	uint64_t size;
};

static int
fail_system(struct capture *capture, enum trace_error_kind kind, const char *act, int cause)
{
	trace_fail(capture->error, kind, 0, "cannot %s %.300s: %s", act, capture->path,
	           strerror(cause));
	capture->error->errno_value = cause;
	return -1;
}

static int
open_file(struct capture *capture)
{
	struct stat status;

	/* O_NONBLOCK: a FIFO must not make us wait for its writer. */
	capture->fd = open(capture->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (capture->fd < 0 || fstat(capture->fd, &status) != 0)
		return fail_system(capture, TRACE_ERROR_OPEN, "open", errno);
	if (S_ISREG(status.st_mode))
		return 0;
	trace_fail(capture->error, TRACE_ERROR_OPEN, 0,
	           "cannot read %.300s as a trace: it is %s; name a file that maptrace wrote "
	           "(*.mtr)",
	           capture->path, S_ISDIR(status.st_mode) ? "a directory" : "no regular file");
	capture->error->errno_value = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
	return -1;
}

/* Fits the copy to the file's present size; what is added reads as zeros. */
static int
fit(struct capture *capture)
{
	struct stat status;
	uint8_t *bytes;
	uint64_t size;

	if (fstat(capture->fd, &status) != 0)
		return fail_system(capture, TRACE_ERROR_OPEN, "read", errno);
	size = (uint64_t)status.st_size;
	if (size > largest_file) {
		fail_system(capture, TRACE_ERROR_OPEN, "read", EFBIG);
		return -1;
	}
	if (capture->bytes && size <= capture->size)
		return 0;
	/* calloc at first: pages of FREE chunks are never touched. */
	bytes = capture->bytes ? realloc(capture->bytes, size) : calloc(size > 0 ? size : 1, 1);
	if (!bytes)
		return fail_system(capture, TRACE_ERROR_MEMORY, "read", ENOMEM);
	if (capture->bytes)
		memset(bytes + capture->size, 0, size - capture->size);
	capture->bytes = bytes;
	capture->size = size;
	return 0;
}

/* Reads until `size` bytes or the end of the file. Returns how many, or -1 with *error. */
static ssize_t
read_at(struct capture *capture, void *into, size_t size, uint64_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t part = pread(capture->fd, (uint8_t *)into + done, size - done,
		                     (off_t)(offset + done));

		if (part < 0 && errno == EINTR)
			continue;
		if (part < 0)
			return fail_system(capture, TRACE_ERROR_OPEN, "read", errno);
		if (part == 0)
			break;
		done += (size_t)part;
	}
	return (ssize_t)done;
}

enum group { GROUP_SNAPSHOTS, GROUP_ROWS, GROUP_COMMON };

static enum group
group_of(uint32_t kind)
{
	if (kind == TRACE_CHUNK_SNAPSHOTS)
		return GROUP_SNAPSHOTS;
	return trace_kind_is_row(kind) ? GROUP_ROWS : GROUP_COMMON;
}

/* Copies the chunks of one group, as far as the file goes now. The header of a chunk comes before
 * its records: what its `used` covers is whole. */
static int
copy_group(struct capture *capture, enum group group)
{
	uint64_t offset = TRACE_HEADER_SIZE;
	struct trace_chunk chunk;

	if (fit(capture) != 0)
		return -1;
	for (; offset + TRACE_CHUNK_SIZE <= capture->size; offset += TRACE_CHUNK_SIZE) {
		ssize_t got = read_at(capture, &chunk, sizeof(chunk), offset);

		if (got < 0)
			return -1;
		if ((size_t)got < sizeof(chunk))
			return 0; /* cut short meanwhile: the counts will tell */
		if (chunk.kind == TRACE_CHUNK_FREE || group_of(chunk.kind) != group)
			continue;
		memcpy(capture->bytes + offset, &chunk, sizeof(chunk));
		if (read_at(capture, capture->bytes + offset + sizeof(chunk), TRACE_CHUNK_PAYLOAD,
		            offset + sizeof(chunk)) < 0)
			return -1;
	}
	return 0;
}

static int
read_header(struct capture *capture, struct trace_header *header)
{
	memset(header, 0, sizeof(*header));
	return read_at(capture, header, sizeof(*header), 0) < 0 ? -1 : 0;
}

/* The steps of the diagram above. */
static int
copy_in_order(struct capture *capture)
{
	struct trace_header first, stacks, nodes, sites, last;

	if (read_header(capture, &first) != 0 || copy_group(capture, GROUP_SNAPSHOTS) != 0 ||
	    copy_group(capture, GROUP_ROWS) != 0 || read_header(capture, &stacks) != 0 ||
	    read_header(capture, &nodes) != 0 || read_header(capture, &sites) != 0 ||
	    read_header(capture, &last) != 0 || copy_group(capture, GROUP_COMMON) != 0)
		return -1;
	last.snapshots = first.snapshots;
	last.stacks = stacks.stacks;
	last.nodes = nodes.nodes;
	last.decisions = nodes.decisions;
	last.sites = sites.sites;
	last.profiles = sites.profiles;
	memcpy(capture->bytes, &last, capture->size < sizeof(last) ? capture->size : sizeof(last));
	return 0;
}

void *
trace_capture(const char *path, size_t *size, struct trace_error *error)
{
	struct capture capture = { .path = path, .error = error, .fd = -1 };
	int result = open_file(&capture) == 0 ? copy_in_order(&capture) : -1;

	if (capture.fd >= 0)
		close(capture.fd);
	if (result != 0) {
		free(capture.bytes);
		return NULL;
	}
	*size = capture.size;
	return capture.bytes;
}
