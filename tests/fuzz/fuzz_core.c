/*
 * Feeds any bytes to the reader of core files, as a core and its program, and views all that opens.
 *
 *     input   | size of the core, 2 bytes | core ... | program ... |
 *
 * What a fuzzer would have to guess in one piece (magic, class, machine) is put into both headers;
 * everything that offsets, sizes and notes can say is its own to try.
 */
#include "finder/memory_core.h"
#include "tests/fuzz/fuzz.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A file of these bytes under a name of its own, with a header that is an ELF file's. */
static int
make_file(const uint8_t *bytes, size_t size, uint16_t type, char path[32])
{
	Elf64_Ehdr header = {0};
	size_t known = size < sizeof(header) ? size : sizeof(header);
	int fd = fuzz_file(bytes, size);

	memcpy(&header, bytes, known);
	memcpy(header.e_ident, ELFMAG, SELFMAG);
	header.e_ident[EI_CLASS] = ELFCLASS64;
	header.e_ident[EI_DATA] = ELFDATA2LSB;
	header.e_type = type;
	header.e_machine = EM_X86_64;
	header.e_phentsize = sizeof(Elf64_Phdr);
	fuzz_demand(pwrite(fd, &header, known, 0) == (ssize_t)known);
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

/* The first and last byte of each region: the copy must hold all that it promises. */
static void
view_all(struct memory *memory)
{
	for (size_t i = 0; i < memory->region_count; i++) {
		const struct memory_region *region = &memory->regions[i];
		uint8_t byte;

		fuzz_demand(region->start < region->end &&
		       memory_read(memory, region->start, &byte, 1) &&
		       memory_read(memory, region->end - 1, &byte, 1));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct memory_core core;
	char core_path[32], program_path[32];
	size_t split;
	int files[2];

	if (size < 2)
		return 0;
	split = (bytes[0] | (size_t)bytes[1] << 8) % (size - 1);
	bytes += 2;
	size -= 2;
	split = split < size ? split : size;
	files[0] = make_file(bytes, split, ET_CORE, core_path);
	files[1] =
	    make_file(bytes + split, size - split, size % 2 ? ET_DYN : ET_EXEC, program_path);
	if (memory_open_core(&core, core_path, program_path) == 0)
		view_all(&core.memory);
	memory_close_core(&core);
	close(files[0]);
	close(files[1]);
	return 0;
}
