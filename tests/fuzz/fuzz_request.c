/*
 * Feeds any bytes as the file that a snapshot is asked for by.
 *
 * A file that is no trace is refused and left as it was; in one that is, one request more and its
 * name are written, and not a byte else. Run by `make fuzz`.
 */
#include "trace/request.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
make_file(char *path, const uint8_t *bytes, size_t size)
{
	int file = mkstemp(path);

	fuzz_demand(file >= 0 && write(file, bytes, size) == (ssize_t)size);
	return file;
}

/* What a request may change is made as it was. */
static void
undo(struct trace_header *header, const struct trace_header *old)
{
	fuzz_demand(header->requests == old->requests + 1);
	header->requests = old->requests;
	memcpy(header->request_label, old->request_label, sizeof(old->request_label));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char path[] = "/dev/shm/maptrace-fuzz-XXXXXX";
	int file = make_file(path, bytes, size);
	struct trace_request request;
	struct trace_header old;
	uint8_t *now = malloc(size + 1);

	fuzz_demand(now != NULL);
	if (trace_request_place(&request, path, "a name") == 0) {
		fuzz_demand(size >= TRACE_HEADER_SIZE);
		memcpy(&old, bytes, sizeof(old));
		trace_request_is_answered(&request);
		undo(request.header, &old);
	}
	trace_request_release(&request);
	fuzz_demand(pread(file, now, size + 1, 0) == (ssize_t)size &&
	            memcmp(now, bytes, size) == 0);
	free(now);
	unlink(path);
	close(file);
	return 0;
}
