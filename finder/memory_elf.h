/*
 * An ELF file's header and program headers, read with every offset checked. Used by memory_core.c
 * for the core and for its program. No malloc, no stdio.
 */
#ifndef FINDER_MEMORY_ELF_H
#define FINDER_MEMORY_ELF_H

#include "finder/array.h"

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>

struct memory_elf {
	int fd; /* or -1 */
	uint64_t size;
	Elf64_Ehdr header;
	struct array segments; /* Elf64_Phdr, as they stand in the file */
};

/* Returns NULL, or why not (static text; errno is 0 unless a system call failed). Close in both
 * cases. */
const char *memory_elf_open(struct memory_elf *elf, const char *path);
void memory_elf_close(struct memory_elf *elf);

/* Reads exactly so many bytes; false where the file has fewer. */
bool memory_elf_read(const struct memory_elf *elf, uint64_t offset, void *into, uint64_t size);

/* Whether the file holds these bytes. */
bool memory_elf_has(const struct memory_elf *elf, uint64_t offset, uint64_t size);

#endif
