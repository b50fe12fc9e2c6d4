/* How the reader says what is wrong with a trace. Private to trace/; a sentence says what was
 * tried, on what, why it failed and what to do. */
#ifndef TRACE_FAILURE_H
#define TRACE_FAILURE_H

#include "trace/reader.h"

/* Fills *error; returns -1, for `return trace_fail(...)`. `offset` in the file, 0 where none. */
int trace_fail(struct trace_error *error, enum trace_error_kind kind, uint64_t offset,
               const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same where memory ran out. */
int trace_fail_memory(struct trace_error *error, const char *path);

/* The same for a file that contradicts itself: adds the advice that all such errors share. */
int trace_corrupt(struct trace_error *error, const char *path, uint64_t offset,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
