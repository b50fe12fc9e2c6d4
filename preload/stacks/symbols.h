/* What an ELF file says about itself: its function symbols and its build id. */
#ifndef PRELOAD_STACKS_SYMBOLS_H
#define PRELOAD_STACKS_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbol {
	uint64_t start; /* address in the file: without the module's bias */
	uint32_t size;  /* 0: up to the next one */
	uint32_t name;  /* offset into names */
};

/* Function symbols, by start once one has been asked for; behind them, with a name only, those that
 * the file takes from others. In hidden memory. */
struct symbols {
	struct symbol *list;
	size_t count, import_count;
	bool is_sorted;
	bool has_go; /* Go built a part of the file, whatever strip left of its symbols */
	char *names; /* each terminated, compiler's suffixes cut */
	size_t list_bytes, names_bytes;
};

/* Reads .symtab, or else .dynsym. 0, or -1: no ELF file, damaged, no symbols, no memory; *symbols
 * is empty then. The file may change under it: every number is checked and nothing is mapped. */
int symbols_read(struct symbols *symbols, int fd);
void symbols_release(struct symbols *symbols);

/* Name of the function that holds this address of the file, or NULL. */
const char *symbols_find(struct symbols *symbols, uint64_t address);

/* Cuts .isra.0, .constprop.0, .part.0, .cold, .llvm.N and the like off a name, in place. */
void symbols_cut_suffix(char *name);

/* The build id of an ELF file, or of one that is loaded at `base` (its first mapping, header
 * included; fd -1). Returns its size in `id`, 0 where there is none. */
enum { SYMBOLS_BUILD_ID_MAX = 32 };
size_t symbols_build_id(int fd, uint64_t base, uint8_t id[SYMBOLS_BUILD_ID_MAX]);

#endif
