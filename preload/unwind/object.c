/*
 * From what _dl_find_object says to the program headers. Called by rules.c, by module.c, by the
 * library's own dl_iterate_phdr, which libunwind asks, and at the start.
 *
 *     one piece                   | ELF header, program headers, ... |       at map_start
 *     with holes between          | ELF header ... |    | code |    | ...   map_start is the code's
 *
 * Of a module with holes _dl_find_object gives the segment that the address is in. Its headers are
 * found by the auxiliary vector for the program, else at the address that the file's first byte
 * has, if that belongs to the same module.
 */
#include "preload/unwind/object.h"

#include <elf.h>
#include <string.h>
#include <sys/auxv.h>

enum { LEAST_MAPPED = 4096 };

void
object_find(const void *at, uint64_t *start, uint64_t *size)
{
	struct dl_find_object found;

	*start = *size = 0;
	if (_dl_find_object((void *)at, &found))
		return;
	*start = (uintptr_t)found.dlfo_map_start;
	*size = (uintptr_t)found.dlfo_map_end - *start;
}

void
object_find_loader(uint64_t *start, uint64_t *size)
{
	uint64_t at = getauxval(AT_BASE); /* 0: the guest is its argument */

	object_find((const void *)(at ? at : _r_debug.r_ldbase), start, size);
}

/* Of an ELF header that lies at `start`, in a page that is mapped. */
static const ElfW(Phdr) *
object_headers_at(const void *start, size_t *count)
{
	const ElfW(Ehdr) *elf = start;

	if (memcmp(elf->e_ident, ELFMAG, SELFMAG) || elf->e_phentsize != sizeof(ElfW(Phdr)) ||
	    elf->e_phoff > LEAST_MAPPED ||
	    elf->e_phoff + elf->e_phnum * sizeof(ElfW(Phdr)) > LEAST_MAPPED)
		return NULL;
	*count = elf->e_phnum;
	return (const void *)((const uint8_t *)start + elf->e_phoff);
}

const ElfW(Phdr) *
object_headers(const struct dl_find_object *object, size_t *count)
{
	const struct link_map *map = object->dlfo_link_map;
	const ElfW(Phdr) *headers = object_headers_at(object->dlfo_map_start, count);
	struct dl_find_object first;

	if (headers)
		return headers;
	if (!map->l_name[0]) { /* the program */
		*count = getauxval(AT_PHNUM);
		return (const void *)getauxval(AT_PHDR);
	}
	if (!map->l_addr || _dl_find_object((void *)map->l_addr, &first) ||
	    first.dlfo_link_map != map)
		return NULL;
	return object_headers_at((const void *)map->l_addr, count);
}

const void *
object_start(const struct dl_find_object *object)
{
	size_t count;
	const ElfW(Phdr) *segment = object_headers(object, &count);

	for (size_t i = 0; segment && i < count; i++, segment++) {
		if (segment->p_type == PT_LOAD && !segment->p_offset &&
		    segment->p_filesz >= sizeof(ElfW(Ehdr)))
			return (const void *)(object->dlfo_link_map->l_addr + segment->p_vaddr);
	}
	return NULL;
}
