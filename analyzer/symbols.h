/*
 * Names for addresses: function, file and line, inlined frames, global variables. From the modules'
 * own ELF and DWARF and the separate debug files installed on this machine; never from the network.
 *
 * A module that changed since the trace was written (build id, or gone) is named and not
 * symbolised: a wrong name is worse than none. Debug information is untrusted input and may be
 * broken anywhere.
 */
#ifndef ANALYZER_SYMBOLS_H
#define ANALYZER_SYMBOLS_H

#include "trace/reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One frame. Strings belong to the symbols; NULL where not known. */
struct symbols_frame {
	uint64_t pc;           /* as recorded; the same for a frame and what was inlined into it */
	const char *function;  /* demangled, whole */
	const char *symbol;    /* as in the symbol table; of an inlined frame its linkage name */
	const char *file;      /* of the line that was running */
	uint32_t line;         /* 0: not known */
	const char *module;    /* path */
	uint32_t module_index; /* in the trace, or TRACE_NONE */
	uint64_t offset;       /* pc as an address in the module's file */
	bool is_inlined;       /* into the frame that follows */
};

struct symbols;

/* Opens nothing yet but its own tables; the trace must outlive it. Without `reads_files` it never
 * opens more: frames then have a module and an offset only. NULL: no memory. */
struct symbols *symbols_open(const struct trace *trace, bool reads_files);
void symbols_close(struct symbols *symbols);

/* The frames of one stack, innermost first, inlined ones in their places. Kept: a second question
 * is answered from memory. NULL with *count 0: the stack is not known or memory was refused. */
const struct symbols_frame *symbols_stack(struct symbols *symbols, uint32_t stack, size_t *count);

/* The function that a call returns into at `pc`, without what was inlined into it. NULL: no
 * memory. */
const struct symbols_frame *symbols_call(struct symbols *symbols, uint32_t module, uint64_t pc);

/* The variable that holds `address` in a module's data; NULL: not known. */
const char *symbols_variable(struct symbols *symbols, uint32_t module, uint64_t address);

/* Modules that could not be used and why, one sentence each, in the order they were met. */
size_t symbols_problems(const struct symbols *symbols, const char *const **sentences);

/* Shortens a C++ or Rust name to at most `width` columns: template arguments go first, from the
 * middle ("std::unordered_map<...>::insert"), then the middle of what is left. Control characters
 * come out escaped. Always terminates `into`; size >= width + 1 is enough, width >= 8. */
void symbols_shorten(char *into, size_t size, const char *name, size_t width);

#endif
