/*
 * One module's ELF and DWARF: raw names for addresses in it. Used by symbols.c only.
 */
#ifndef ANALYZER_SYMBOLS_MODULE_H
#define ANALYZER_SYMBOLS_MODULE_H

#include "analyzer/symbols.h"
#include "analyzer/symbols_table.h"
#include "analyzer/symbols_units.h"

#include <elfutils/libdwfl.h>

struct symbols_module {
	bool is_tried;
	Dwfl *dwfl; /* NULL: this module cannot be used; problem says why */
	Dwfl_Module *elf;
	struct symbols_table symbols;
	struct symbols_units units;
	char *problem; /* owned; NULL: none worth a word */
};

/* Opens the file once; later calls return at once. True if it can be used. */
bool symbols_module_open(struct symbols_module *module, const struct trace_module *row);
void symbols_module_close(struct symbols_module *module);

/* Frames at `address` (in the file), innermost first: symbol (raw), function (as DWARF says, may be
 * NULL), file, line, is_inlined. Returns how many, at least 1 where anything is known. */
size_t symbols_module_frames(struct symbols_module *module, uint64_t address,
			     struct symbols_frame *frames, size_t limit);

/* Raw name of the data object that holds `address`, or NULL. */
const char *symbols_module_object(struct symbols_module *module, uint64_t address);

#endif
