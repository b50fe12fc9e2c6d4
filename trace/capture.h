/* Copies a trace file, which may be growing, into memory. Private to trace/. */
#ifndef TRACE_CAPTURE_H
#define TRACE_CAPTURE_H

#include "trace/reader.h"

/* Returns the copy (release with free) and its size, or NULL with *error filled. What the copy
 * promises about itself holds even if the guest wrote all the while; nothing else was checked. */
void *trace_capture(const char *path, size_t *size, struct trace_error *error);

#endif
