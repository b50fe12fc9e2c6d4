/*
 * Executables and shared objects of the guest: where they lie, which functions they define. Found
 * through _dl_find_object and the program headers in memory, never through the loader's locks
 * (no dladdr, no dl_iterate_phdr once started). Symbols are read from the file (.symtab, else
 * .dynsym), which is mapped for that only.
 */
#ifndef PRELOAD_STACKS_MODULE_H
#define PRELOAD_STACKS_MODULE_H

#include "trace/format.h"

#include <stdbool.h>

/* The module that holds pc now: its index in the trace, or TRACE_NONE. First sight registers it,
 * reads its symbols and lets it wake profiles. Called under intern's lock. */
uint32_t module_of(uint64_t pc);

/* Name of the function that holds pc (in module `module`), mangled, suffixes cut, valid for ever;
 * NULL: no symbol. Called under intern's lock. */
const char *module_symbol(uint32_t module, uint64_t pc);

/* Registers all modules that are loaded now (at start and before a snapshot: globals hold maps
 * too). Reads /proc/self/maps. Not under intern's lock; takes it. */
void module_scan(void);

/* The module whose mapping holds this address of data, or TRACE_NONE; takes no lock: for the child
 * that takes a snapshot. */
uint32_t module_of_data(uint64_t address);

/* The first module from number `from` on in which a runtime lives that is read by code of its own,
 * or TRACE_NONE; *file: where its ELF header lies. Takes no lock. */
uint32_t module_next_runtime(uint32_t from, uint64_t *file);

/* Modules that are gone are closed; what lies at their addresses later is another generation. True:
 * there were some. */
bool module_close_gone(void);

#endif
