/*
 * The symbol table of one module, sorted once so that each address takes a search and no walk over
 * all symbols. Used by symbols_module.c only.
 */
#ifndef ANALYZER_SYMBOLS_TABLE_H
#define ANALYZER_SYMBOLS_TABLE_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbols_table_row;

/* All zero: not read yet. */
struct symbols_table {
	bool is_read;
	struct symbols_table_row *rows;
	size_t count;
};

void symbols_table_close(struct symbols_table *table);

/* Raw name of the function, or of the data object, that really covers `address`: the nearest one
 * below it is no answer in a stripped file. NULL: none does. The name belongs to `elf`, whose table
 * is read at the first question. */
const char *symbols_table_find(struct symbols_table *table, Dwfl_Module *elf, uint64_t address,
			       bool is_object);

#endif
