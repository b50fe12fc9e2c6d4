/*
 * See go_module.h. The image is untrusted: what does not add up leaves a module without a build id,
 * or none.
 */
#include "analyzer/go_module.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

enum { PAGE = 4096, SEGMENTS_MAX = 128, NOTES_MAX = 64 * 1024 };

static void
read_build_id(struct memory *memory, uint64_t at, uint64_t size, struct trace_module *module)
{
	Elf64_Nhdr note;
	char name[4];

	while (size >= sizeof(note) && memory_read(memory, at, &note, sizeof(note))) {
		uint64_t front = sizeof(note) + ((note.n_namesz + 3ull) & ~3ull);
		uint64_t whole = front + ((note.n_descsz + 3ull) & ~3ull);

		if (whole > size)
			return;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof(name) &&
		    note.n_descsz <= sizeof(module->build_id) &&
		    memory_read(memory, at + sizeof(note), name, sizeof(name)) &&
		    memcmp(name, "GNU", sizeof(name)) == 0 &&
		    memory_read(memory, at + front, module->build_id, note.n_descsz))
			module->build_id_size = note.n_descsz;
		at += whole;
		size -= whole;
	}
}

bool
go_module_describe(struct memory *memory, uint64_t image, const char *path,
		   struct trace_module *module)
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	uint64_t low = UINT64_MAX, high = 0;

	memset(module, 0, sizeof(*module));
	if (!memory_read(memory, image, &header, sizeof(header)) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_phnum > SEGMENTS_MAX)
		return false;
	for (unsigned pass = 0; pass < 2; pass++) {
		for (unsigned i = 0; i < header.e_phnum; i++) {
			if (!memory_read(memory, image + header.e_phoff + i * sizeof(segment),
					 &segment, sizeof(segment)))
				return false;
			if (pass == 0 && segment.p_type == PT_LOAD) {
				low = segment.p_vaddr < low ? segment.p_vaddr : low;
				high = segment.p_vaddr + segment.p_memsz > high
					   ? segment.p_vaddr + segment.p_memsz : high;
			} else if (pass == 1 && segment.p_type == PT_NOTE &&
				   segment.p_filesz <= NOTES_MAX) {
				read_build_id(memory, module->bias + segment.p_vaddr,
					      segment.p_filesz, module);
			}
		}
		if (low >= high)
			return false;
		module->bias = image - low / PAGE * PAGE;
	}
	module->start = image;
	module->end = module->bias + high;
	snprintf(module->path, sizeof(module->path), "%s", path);
	return module->start <= module->end;
}
