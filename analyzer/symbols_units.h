/*
 * The units of one module's DWARF and the functions in them, each listed once: which function and
 * which inlined calls an address lies in. Used by symbols_module.c only.
 */
#ifndef ANALYZER_SYMBOLS_UNITS_H
#define ANALYZER_SYMBOLS_UNITS_H

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SYMBOLS_SCOPES_MAX = 256 };

/* A range of addresses of one thing: a unit, or a function. */
struct symbols_range {
	uint64_t start, end;
	Dwarf_Die die;
};

/* Ranges by their starts. */
struct symbols_ranges {
	struct symbols_range *list;
	size_t count, room;
};

/* A unit whose functions were listed. */
struct symbols_unit {
	Dwarf_Off offset; /* of its entry: what it is known by */
	struct symbols_ranges functions;
};

/* All zero: nothing listed yet. */
struct symbols_units {
	bool is_listed; /* all units, for files without an address table */
	struct symbols_ranges ranges;
	struct symbols_unit *list;
	size_t count;
};

void symbols_units_close(struct symbols_units *units);

/* The unit that holds `address` of the file; false: none. *bias: what to take from addresses of the
 * file to get those of the unit. */
bool symbols_units_find(struct symbols_units *units, Dwfl_Module *elf, uint64_t address,
			Dwarf_Die *unit, Dwarf_Addr *bias);

/* The function of `unit` around `address` (of the unit) and the inlined calls within it, innermost
 * first. Returns how many; 0: no function. */
size_t symbols_units_scopes(struct symbols_units *units, Dwarf_Die *unit, Dwarf_Addr address,
			    Dwarf_Die scopes[SYMBOLS_SCOPES_MAX]);

#endif
