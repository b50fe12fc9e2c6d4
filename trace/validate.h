/* Proves the records of a trace sound, once they are plain arrays. Private to trace/. */
#ifndef TRACE_VALIDATE_H
#define TRACE_VALIDATE_H

#include "trace/reader.h"

/* Checks everything that reader.h promises. Returns 0, or -1 with *error filled (corrupt). */
int trace_validate(const struct trace *trace, struct trace_error *error);

#endif
