/*
 * Core files; see memory_core.h.
 *
 * Regions are the core's own segments that the process could read, and those of the program that
 * the core does not have. Holes of the file are pages that nobody touched: they are not read.
 */
#include "finder/memory_core.h"

#include "finder/memory_elf.h"
#include "finder/memory_notes.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct opening {
	struct memory_core *core;
	struct memory_elf file, program;
	struct memory_notes notes;
};

static const Elf64_Phdr *
segment_at(const struct memory_elf *elf, size_t i)
{
	return (const Elf64_Phdr *)elf->segments.at + i;
}

/* ---- where the program lay */

/* Its program headers are told by their address: that of the file's first bytes is known then. */
static const char *
find_bias(struct opening *opening)
{
	const struct memory_elf *program = &opening->program;
	if (program->header.e_type != ET_DYN && program->header.e_type != ET_EXEC)
		return "the program is no executable";
	opening->core->bias = 0;
	if (program->header.e_type == ET_EXEC)
		return NULL;
	if (!opening->notes.program_headers)
		return "it does not tell where its program lay (no NT_AUXV)";
	for (size_t i = 0; i < program->segments.count; i++) {
		const Elf64_Phdr *segment = segment_at(program, i);
		uint64_t offset = program->header.e_phoff - segment->p_offset;
		if (segment->p_type != PT_LOAD || program->header.e_phoff < segment->p_offset ||
		    offset >= segment->p_filesz)
			continue;
		opening->core->bias = opening->notes.program_headers - offset - segment->p_vaddr;
		return NULL;
	}
	return "the program's headers lie in none of its segments";
}

/* ---- regions */

static int
compare_regions(const void *a, const void *b)
{
	const struct memory_region *first = a, *second = b;
	return (first->start > second->start) - (first->start < second->start);
}

/* Whether the address is the program's, its bss included. */
static bool
is_program(const struct opening *opening, uint64_t address)
{
	for (size_t i = 0; i < opening->program.segments.count; i++) {
		const Elf64_Phdr *segment = segment_at(&opening->program, i);
		if (segment->p_type == PT_LOAD &&
		    address - opening->core->bias - segment->p_vaddr < segment->p_memsz)
			return true;
	}
	return false;
}

/* Whether the core's segment is memory of the process: many have the kernel's [vsyscall], too. */
static bool
is_memory(const Elf64_Phdr *segment)
{
	return segment->p_type == PT_LOAD && segment->p_flags & PF_R && segment->p_filesz &&
	       segment->p_vaddr < MEMORY_ADDRESSES_END;
}

static const char *
add_region(struct array *regions, uint64_t start, uint64_t size, uint8_t kind)
{
	if (size == 0)
		return NULL;
	if (start >= MEMORY_ADDRESSES_END || size > MEMORY_ADDRESSES_END - start)
		return "a segment of it ends beyond all addresses";
	struct memory_region *region = array_add(regions, sizeof(*region), 1);
	if (!region)
		return "its segments do not fit into memory";
	*region = (struct memory_region){
		.start = start, .end = start + size, .kind = kind, .module = UINT32_MAX,
	};
	return NULL;
}

static const char *
add_core_regions(struct opening *opening, struct array *regions)
{
	for (size_t i = 0; i < opening->file.segments.count; i++) {
		const Elf64_Phdr *segment = segment_at(&opening->file, i);
		const char *reason;
		if (!is_memory(segment))
			continue;
		if (segment->p_filesz > segment->p_memsz)
			return "a segment of it has more bytes than memory";
		if (!memory_elf_has(&opening->file, segment->p_offset, segment->p_filesz))
			return "it is truncated: it ends before its last segment (ulimit -c, or a "
			       "full disk)";
		uint8_t kind = !(segment->p_flags & PF_W) ? MEMORY_CONSTANT
		             : is_program(opening, segment->p_vaddr) ? MEMORY_GLOBAL : MEMORY_HEAP;
		reason = add_region(regions, segment->p_vaddr, segment->p_filesz, kind);
		if (reason)
			return reason;
	}
	return NULL;
}

/* What of [start, end) the core does not have: `regions` are the core's, in order. */
static const char *
add_gaps(struct array *regions, size_t count, uint64_t start, uint64_t end, uint8_t kind)
{
	for (size_t i = 0; i < count && start < end; i++) {
		const struct memory_region *region = (struct memory_region *)regions->at + i;
		uint64_t region_start = region->start, region_end = region->end;
		if (region_end <= start)
			continue;
		if (region_start >= end)
			break;
		const char *reason = region_start > start
		    ? add_region(regions, start, region_start - start, kind) : NULL;
		if (reason)
			return reason;
		start = region_end;
	}
	return start < end ? add_region(regions, start, end - start, kind) : NULL;
}

static const char *
add_program_regions(struct opening *opening, struct array *regions)
{
	size_t count = regions->count;
	for (size_t i = 0; i < opening->program.segments.count; i++) {
		const Elf64_Phdr *segment = segment_at(&opening->program, i);
		uint64_t start = opening->core->bias + segment->p_vaddr, end;
		if (segment->p_type != PT_LOAD)
			continue;
		if (__builtin_add_overflow(start, segment->p_memsz, &end))
			return "a segment of the program ends beyond all addresses";
		const char *reason = add_gaps(regions, count, start, end, segment->p_flags & PF_W
		                              ? MEMORY_GLOBAL : MEMORY_CONSTANT);
		if (reason)
			return reason;
	}
	return NULL;
}

static const char *
sort_regions(struct array *regions)
{
	array_sort(regions, sizeof(struct memory_region), compare_regions);
	const struct memory_region *at = regions->at;
	for (size_t i = 1; i < regions->count; i++)
		if (at[i].start < at[i - 1].end)
			return "two segments of it overlap";
	return NULL;
}

/* ---- bytes */

static bool
copy_piece(struct memory_core *core, const struct memory_elf *elf, uint64_t offset,
           uint64_t address, uint64_t size)
{
	unsigned char *into = memory_copy_at(&core->copy, address, size);
	core->copied_bytes += size;
	return into && memory_elf_read(elf, offset, into, size);
}

/* From data to data; a file system that knows no holes says that all is data. */
static bool
copy_segment(struct memory_core *core, const struct memory_elf *elf, const Elf64_Phdr *segment)
{
	uint64_t at = segment->p_offset, end = at + segment->p_filesz;
	while (at < end) {
		off_t data = lseek(elf->fd, (off_t)at, SEEK_DATA);
		if (data < 0 && errno == ENXIO)
			return true;
		off_t hole = data < 0 ? -1 : lseek(elf->fd, data, SEEK_HOLE);
		uint64_t from = data < 0 ? at : (uint64_t)data;
		uint64_t to = hole < 0 || (uint64_t)hole > end ? end : (uint64_t)hole;
		if (from >= end)
			return true;
		if (!copy_piece(core, elf, from, segment->p_vaddr + (from - segment->p_offset),
		                to - from))
			return false;
		at = to;
	}
	return true;
}

/* The program's bytes first; what the core has of the same place is newer. */
static const char *
copy_program(struct opening *opening)
{
	struct memory_core *core = opening->core;
	for (size_t i = 0; i < opening->program.segments.count; i++) {
		const Elf64_Phdr *segment = segment_at(&opening->program, i);
		if (segment->p_type == PT_LOAD &&
		    !copy_piece(core, &opening->program, segment->p_offset,
		                core->bias + segment->p_vaddr, segment->p_filesz))
			return "the program's segments are not all there";
	}
	return NULL;
}

static const char *
copy_core(struct opening *opening)
{
	for (size_t i = 0; i < opening->file.segments.count; i++) {
		const Elf64_Phdr *segment = segment_at(&opening->file, i);
		if (is_memory(segment) && !copy_segment(opening->core, &opening->file, segment))
			return "it cannot be read";
	}
	return NULL;
}

static const char another_program[] = "it is of another program, or of another build of this one";

/* It has to begin where the core says; and where both have the program's code or constants, they
 * have to agree. */
static const char *
compare_program(struct opening *opening)
{
	unsigned char mine[sizeof(Elf64_Ehdr)], theirs[sizeof(Elf64_Ehdr)];
	uint64_t entry = opening->core->bias + opening->program.header.e_entry;
	if (opening->notes.entry && opening->notes.entry != entry)
		return another_program;
	for (size_t i = 0; i < opening->file.segments.count; i++) {
		const Elf64_Phdr *segment = segment_at(&opening->file, i);
		uint64_t at = segment->p_vaddr - opening->core->bias;
		if (segment->p_type != PT_LOAD || segment->p_flags & PF_W ||
		    segment->p_filesz < sizeof(theirs))
			continue;
		for (size_t j = 0; j < opening->program.segments.count; j++) {
			const Elf64_Phdr *own = segment_at(&opening->program, j);
			uint64_t offset = at - own->p_vaddr;
			if (own->p_type != PT_LOAD || offset >= own->p_filesz ||
			    own->p_filesz - offset < sizeof(mine) || own->p_flags & PF_W)
				continue;
			if (!memory_elf_read(&opening->program, own->p_offset + offset, mine,
			                     sizeof(mine)) ||
			    !memory_elf_read(&opening->file, segment->p_offset, theirs,
			                     sizeof(theirs)) ||
			    memcmp(mine, theirs, sizeof(mine)) != 0)
				return another_program;
		}
	}
	return NULL;
}

static uint64_t
find_image(const struct opening *opening)
{
	for (size_t i = 0; i < opening->program.segments.count; i++) {
		const Elf64_Phdr *segment = segment_at(&opening->program, i);
		if (segment->p_type == PT_LOAD && segment->p_offset == 0)
			return opening->core->bias + segment->p_vaddr;
	}
	return 0;
}

static const char *
open_all(struct opening *opening, const char *path, const char *program)
{
	struct memory_core *core = opening->core;
	const char *reason = memory_elf_open(&opening->file, path);
	if (reason)
		return reason;
	if (opening->file.header.e_type != ET_CORE)
		return "it is no core file";
	if (memory_elf_open(&opening->program, program) != NULL)
		return "the program's file cannot be used: it must be the ELF executable that "
		       "the core is of";
	if ((reason = memory_notes_read(&opening->notes, &opening->file)) ||
	    (reason = find_bias(opening)) || (reason = compare_program(opening)) ||
	    (reason = add_core_regions(opening, &core->copy.regions)) ||
	    (reason = sort_regions(&core->copy.regions)) ||
	    (reason = add_program_regions(opening, &core->copy.regions)) ||
	    (reason = sort_regions(&core->copy.regions)))
		return reason;
	core->image = find_image(opening);
	if (memory_copy_open(&core->copy, &core->memory) != 0)
		return "it does not fit into memory";
	reason = copy_program(opening);
	return reason ? reason : copy_core(opening);
}

int
memory_open_core(struct memory_core *core, const char *path, const char *program)
{
	struct opening opening = {.core = core, .file.fd = -1, .program.fd = -1};
	memset(core, 0, sizeof(*core));
	errno = 0;
	core->reason = open_all(&opening, path, program);
	int why = errno;
	core->threads = opening.notes.threads;
	memory_elf_close(&opening.file);
	memory_elf_close(&opening.program);
	errno = why;
	return core->reason ? -1 : 0;
}

void
memory_close_core(struct memory_core *core)
{
	memory_copy_close(&core->copy);
	array_release(&core->threads);
	memset(core, 0, sizeof(*core));
}
