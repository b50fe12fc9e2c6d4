/* Adds up what threads counted apart. Private to trace/. */
#ifndef TRACE_SUM_H
#define TRACE_SUM_H

#include "trace/reader.h"

/* Fills trace->counts, all 0 before, and what the header says of all stacks together. */
void trace_sum(struct trace *trace, const struct trace_counters *pages, uint32_t count);

#endif
