/* The sentences of struct trace_error. Called by the reader only, never inside the guest. The
 * rule: a sentence names the file, the cause and what to do, and is cut rather than overrun. */
#include "trace/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
trace_fail(struct trace_error *error, enum trace_error_kind kind, uint64_t offset,
           const char *format, ...)
{
	va_list arguments;

	memset(error, 0, sizeof(*error));
	error->kind = kind;
	error->offset = offset;
	va_start(arguments, format);
	vsnprintf(error->message, sizeof(error->message), format, arguments);
	va_end(arguments);
	return -1;
}

int
trace_fail_memory(struct trace_error *error, const char *path)
{
	return trace_fail(error, TRACE_ERROR_MEMORY, 0, "cannot read %.300s: not enough memory",
	                  path);
}

int
trace_corrupt(struct trace_error *error, const char *path, uint64_t offset, const char *format, ...)
{
	char detail[200];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(detail, sizeof(detail), format, arguments);
	va_end(arguments);
	return trace_fail(error, TRACE_ERROR_CORRUPT, offset,
	                  "cannot use %.200s: it contradicts itself: %s. It was damaged after it "
	                  "was written; trace the program again",
	                  path, detail);
}
