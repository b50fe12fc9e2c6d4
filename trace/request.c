/*
 * See request.h. The file is another process's state: only the three fields of requests are
 * written, and a file that is not a whole header of this version is left alone.
 */
#include "trace/request.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct trace_header *
map_header(int fd)
{
	struct stat status;
	void *at;

	if (fstat(fd, &status) != 0)
		return NULL;
	if (!S_ISREG(status.st_mode) || status.st_size < TRACE_HEADER_SIZE) {
		errno = EPROTO;
		return NULL;
	}
	at = mmap(NULL, TRACE_HEADER_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return at == MAP_FAILED ? NULL : at;
}

static bool
is_ours(const struct trace_header *header)
{
	return memcmp(header->magic, TRACE_MAGIC, sizeof(header->magic)) == 0 &&
	       header->version == TRACE_VERSION && header->byte_order == TRACE_BYTE_ORDER;
}

int
trace_request_place(struct trace_request *request, const char *path, const char *label)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), before;

	*request = (struct trace_request){ 0 };
	if (fd < 0)
		return -1;
	request->header = map_header(fd);
	before = errno;
	close(fd);
	errno = before;
	if (!request->header)
		return -1;
	if (!is_ours(request->header)) {
		errno = EPROTO;
		return -1;
	}
	strncpy(request->header->request_label, label, sizeof(request->header->request_label) - 1);
	request->snapshots_before = __atomic_load_n(&request->header->snapshots, __ATOMIC_ACQUIRE);
	request->number = __atomic_add_fetch(&request->header->requests, 1, __ATOMIC_RELEASE);
	return 0;
}

bool
trace_request_is_answered(const struct trace_request *request)
{
	uint32_t answered = __atomic_load_n(&request->header->requests_answered, __ATOMIC_ACQUIRE);

	return (int32_t)(answered - request->number) >= 0;
}

void
trace_request_release(struct trace_request *request)
{
	if (request->header)
		munmap(request->header, TRACE_HEADER_SIZE);
	request->header = NULL;
}
