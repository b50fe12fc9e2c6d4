/*
 * What the library has to say: one line on standard error, once for each distinct sentence, and the
 * last one kept in the trace. Called from anywhere in this room, also before there is a trace.
 *
 * Rule: no stdio, no allocation, never a second line for the same thing, and none where nobody
 * takes it: a pipe that is full would stop the guest, one that is broken would end it by SIGPIPE.
 */
#include "preload/process/settings.h"
#include "preload/process/tracer.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

enum { SENTENCES_MAX = 32 };

static uint64_t said[SENTENCES_MAX];
static uint32_t said_count;
static uint32_t *family_said; /* in memory that forked processes share; NULL: there was none */

static uint64_t
notice_hash(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	return hash;
}

/* Whether this is the first time; when too many were said, silence. */
static bool
notice_is_new(const char *what)
{
	uint64_t hash = notice_hash(what);
	uint32_t at;

	for (at = 0; at < SENTENCES_MAX && said[at]; at++) {
		if (said[at] == hash)
			return false;
	}
	at = __atomic_fetch_add(&said_count, 1, __ATOMIC_RELAXED);
	if (at >= SENTENCES_MAX)
		return false;
	said[at] = hash;
	return true;
}

/* A pipe that says it has room takes a whole line. */
static void
notice_write(const char *what)
{
	struct pollfd error = { .fd = STDERR_FILENO, .events = POLLOUT };
	struct iovec line[] = {
		{ (char *)"maptrace: ", 10 }, { (char *)what, strlen(what) }, { (char *)"\n", 1 },
	};

	if (poll(&error, 1, 0) == 1 && error.revents == POLLOUT &&
	    writev(error.fd, line, 3) < 0)
		return; /* there is nobody to tell */
}

static void
notice_tell(const char *what, bool is_kept)
{
	int before = errno;

	if (notice_is_new(what)) {
		if (is_kept && tracer.writer.header)
			trace_notice(&tracer.writer, what);
		if (!settings.quiet)
			notice_write(what);
	}
	errno = before;
}

void
tracer_warn(const char *what)
{
	notice_tell(what, true);
}

void
tracer_say(const char *what)
{
	notice_tell(what, false);
}

void
tracer_found_family(void)
{
	void *page = mmap(NULL, sizeof(*family_said), PROT_READ | PROT_WRITE,
	                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	family_said = page == MAP_FAILED ? NULL : page;
}

void
tracer_warn_family(const char *what)
{
	if (!family_said || !__atomic_exchange_n(family_said, 1, __ATOMIC_RELAXED))
		tracer_say(what);
}

void
tracer_stop(const char *what)
{
	int before = errno;

	tracer_off();
	tracer_warn(what);
	if (tracer.writer.header)
		trace_end(&tracer.writer, TRACE_STOPPED);
	errno = before;
}
