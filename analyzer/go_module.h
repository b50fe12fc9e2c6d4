/* The executable of a Go process as a module of its trace. Called by go_trace.c. */
#ifndef ANALYZER_GO_MODULE_H
#define ANALYZER_GO_MODULE_H

#include "finder/memory.h"
#include "trace/format.h"

/* Fills *module from the ELF header at `image` in the process's own memory. `path` is the file's.
 * False where there is no such header. */
bool go_module_describe(struct memory *memory, uint64_t image, const char *path,
			struct trace_module *module);

#endif
