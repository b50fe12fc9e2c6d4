/*
 * Reads ELF files for their function symbols. Called by module.c, under the intern lock, once a
 * module.
 *
 * The file is not ours: it can be damaged, hostile, or shrink while it is read. So it is never
 * mapped (a truncated mapping is a SIGBUS in the guest) but copied by pread into memory of our own,
 * and no number in it is used before it is checked against what was really read.
 */
#include "preload/stacks/symbols.h"

#include "finder/array.h"
#include "preload/hidden.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define TABLE_BYTES_MAX (256ull << 20) /* of one section; larger ones are left alone */
#define SEGMENTS_MAX 32u  /* these two lie on the stack, which may be small */
#define NOTES_MAX 1024u
#define NEIGHBOURS 16u /* symbols before an address that may still hold it: nested, aliases */

/* Either a file or the image of one in this process. */
struct source {
	int fd;        /* -1: the image */
	uint64_t base;
};

static bool
read_at(const struct source *source, uint64_t offset, void *into, size_t size)
{
	struct iovec local = { into, size };
	struct iovec remote = { (void *)(uintptr_t)(source->base + offset), size };
	size_t done = 0;

	if (source->fd < 0) /* another thread may unmap it meanwhile: this fails, a load would
	                     * fault */
		return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size;
	while (done < size) {
		ssize_t got = pread(source->fd, (char *)into + done, size - done,
		                    (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		done += (size_t)got;
	}
	return true;
}

static bool
read_header(const struct source *source, ElfW(Ehdr) *header)
{
	unsigned char class = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;

	return read_at(source, 0, header, sizeof(*header)) &&
	       memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
	       header->e_ident[EI_CLASS] == class;
}

/* A copy of a part of the file in hidden memory, followed by a zero; NULL: not all of it is
 * there. */
static void *
copy_part(int fd, uint64_t offset, uint64_t size)
{
	struct source source = { fd, 0 };
	struct stat status;
	void *copy;

	if (size == 0 || size > TABLE_BYTES_MAX || fstat(fd, &status) < 0 ||
	    offset > (uint64_t)status.st_size || size > (uint64_t)status.st_size - offset)
		return NULL;
	copy = hidden_map(size + 1);
	if (copy && !read_at(&source, offset, copy, size)) {
		hidden_unmap(copy, size + 1);
		copy = NULL;
	}
	return copy;
}

/* The section of this type, and the one of its strings. */
static bool
find_table(const ElfW(Shdr) *sections, size_t count, uint32_t type, ElfW(Shdr) *table,
           ElfW(Shdr) *strings)
{
	for (size_t i = 0; i < count; i++) {
		if (sections[i].sh_type != type || sections[i].sh_entsize != sizeof(ElfW(Sym)) ||
		    sections[i].sh_link >= count ||
		    sections[sections[i].sh_link].sh_type != SHT_STRTAB)
			continue;
		*table = sections[i];
		*strings = sections[sections[i].sh_link];
		return true;
	}
	return false;
}

/* Go's linker puts what it says of the build at the start of a section of its own, on a multiple of
 * 16. C's linkers leave that as it is, and strip does. */
static bool
has_go(const struct source *source, const ElfW(Shdr) *sections, size_t count)
{
	static const char magic[] = "\xff Go buildinf:";
	char start[sizeof(magic)];

	for (size_t i = 0; i < count; i++)
		if (sections[i].sh_type == SHT_PROGBITS && sections[i].sh_flags & SHF_ALLOC &&
		    sections[i].sh_addralign == 16 && sections[i].sh_size > sizeof(magic) &&
		    read_at(source, sections[i].sh_offset, start, sizeof(start)) &&
		    memcmp(start, magic, sizeof(magic) - 1) == 0)
			return true;
	return false;
}

static bool
find_tables(int fd, ElfW(Shdr) *table, ElfW(Shdr) *strings, bool *is_go)
{
	struct source source = { fd, 0 };
	ElfW(Ehdr) header;
	ElfW(Shdr) *sections;
	size_t bytes;
	bool found;

	if (!read_header(&source, &header) || header.e_shentsize != sizeof(*sections) ||
	    header.e_shnum == 0)
		return false;
	bytes = header.e_shnum * sizeof(*sections);
	sections = copy_part(fd, header.e_shoff, bytes);
	if (!sections)
		return false;
	found = find_table(sections, header.e_shnum, SHT_SYMTAB, table, strings) ||
	        find_table(sections, header.e_shnum, SHT_DYNSYM, table, strings);
	*is_go = has_go(&source, sections, header.e_shnum);
	hidden_unmap(sections, bytes + 1);
	return found;
}

enum kind { NO_FUNCTION, FUNCTION, IMPORT };

static enum kind
kind_of(const ElfW(Sym) *symbol, uint64_t names_size)
{
	/* The type sits in the same bits in both ELF classes. */
	unsigned type = ELF64_ST_TYPE(symbol->st_info);
	bool is_function = type == STT_FUNC || type == STT_GNU_IFUNC;

	if (symbol->st_name == 0 || symbol->st_name >= names_size)
		return NO_FUNCTION;
	if (symbol->st_shndx == SHN_UNDEF) /* static linkers leave the type of a weak one out */
		return is_function || type == STT_NOTYPE ? IMPORT : NO_FUNCTION;
	return is_function ? FUNCTION : NO_FUNCTION;
}

static void
add_function(struct symbols *symbols, const ElfW(Sym) *symbol)
{
	symbols->list[symbols->count++] = (struct symbol){
		.start = symbol->st_value,
		.size = symbol->st_size > UINT32_MAX ? UINT32_MAX : (uint32_t)symbol->st_size,
		.name = symbol->st_name,
	};
	symbols_cut_suffix(symbols->names + symbol->st_name);
}

/* One pass of a stable radix sort, by one byte of the address. False: nothing to do, all equal. */
static bool
sort_pass(const struct symbol *from, struct symbol *to, size_t count, unsigned shift)
{
	size_t place[256] = { 0 }, sum = 0;

	for (size_t i = 0; i < count; i++)
		place[from[i].start >> shift & 0xff]++;
	if (place[from[0].start >> shift & 0xff] == count)
		return false;
	for (size_t digit = 0; digit < 256; digit++) {
		size_t many = place[digit];

		place[digit] = sum;
		sum += many;
	}
	for (size_t i = 0; i < count; i++)
		to[place[from[i].start >> shift & 0xff]++] = from[i];
	return true;
}

/* Stable, so that among equal addresses the globals, which ELF puts last, stay last. */
/* Most modules are never asked for a name. False: no memory. */
static bool
sort(struct symbols *symbols)
{
	size_t size = symbols->count * sizeof(*symbols->list);
	struct symbol *from = symbols->list, *to = size ? hidden_map(size) : NULL, *scratch = to;

	if (!to)
		return false;
	for (unsigned shift = 0; shift < 64; shift += 8)
		if (sort_pass(from, to, symbols->count, shift)) {
			struct symbol *swap = from;

			from = to;
			to = swap;
		}
	if (from != symbols->list)
		memcpy(symbols->list, from, size);
	hidden_unmap(scratch, size);
	return symbols->is_sorted = true;
}

/* .symtab has "name@VERSION" where .dynsym has the name. */
static void
add_import(struct symbols *symbols, size_t functions, const ElfW(Sym) *symbol)
{
	char *version = strchr(symbols->names + symbol->st_name, '@');

	if (version)
		*version = '\0';
	symbols->list[functions + symbols->import_count++].name = symbol->st_name;
}

/* Keeps the functions of `table`, and the imports behind them. */
static int
collect(struct symbols *symbols, ElfW(Sym) *table, size_t entries)
{
	uint64_t names_size = symbols->names_bytes - 1;
	size_t found[] = { 0, 0, 0 };

	for (size_t i = 0; i < entries; i++)
		found[kind_of(&table[i], names_size)]++;
	if (found[FUNCTION] + found[IMPORT] == 0)
		return -1;
	symbols->list_bytes = (found[FUNCTION] + found[IMPORT]) * sizeof(*symbols->list);
	symbols->list = hidden_map(symbols->list_bytes);
	if (!symbols->list)
		return -1;
	for (size_t i = 0; i < entries; i++) {
		enum kind kind = kind_of(&table[i], names_size);

		if (kind == FUNCTION)
			add_function(symbols, &table[i]);
		else if (kind == IMPORT)
			add_import(symbols, found[FUNCTION], &table[i]);
	}
	return 0;
}

int
symbols_read(struct symbols *symbols, int fd)
{
	ElfW(Shdr) where, strings;
	ElfW(Sym) *table;
	int result = -1;

	*symbols = (struct symbols){ 0 };
	if (!find_tables(fd, &where, &strings, &symbols->has_go))
		return -1;
	table = copy_part(fd, where.sh_offset, where.sh_size);
	if (!table)
		return -1;
	symbols->names = copy_part(fd, strings.sh_offset, strings.sh_size);
	if (symbols->names) {
		symbols->names_bytes = strings.sh_size + 1;
		result = collect(symbols, table, where.sh_size / sizeof(*table));
	}
	if (result < 0)
		symbols_release(symbols);
	hidden_unmap(table, where.sh_size + 1);
	return result;
}

void
symbols_release(struct symbols *symbols)
{
	if (symbols->list)
		hidden_unmap(symbols->list, symbols->list_bytes);
	if (symbols->names)
		hidden_unmap(symbols->names, symbols->names_bytes);
	*symbols = (struct symbols){ 0 };
}

const char *
symbols_find(struct symbols *symbols, uint64_t address)
{
	size_t at, last;

	if (!symbols->is_sorted && !sort(symbols))
		return NULL;
	last = at = array_up_to(symbols->list, symbols->count, sizeof *symbols->list,
	                        offsetof(struct symbol, start), address);
	for (size_t turn = 0; at > 0 && turn < NEIGHBOURS; turn++) {
		const struct symbol *symbol = &symbols->list[--at];

		if (address - symbol->start < symbol->size)
			return symbols->names + symbol->name;
	}
	/* Assembly often states no size: such a function goes on to the next symbol. */
	if (last > 0 && symbols->list[last - 1].size == 0)
		return symbols->names + symbols->list[last - 1].name;
	return NULL;
}

void
symbols_cut_suffix(char *name)
{
	static const char *const suffixes[] = {
		".isra.", ".constprop.", ".part.", ".cold", ".llvm.", ".lto_priv.", ".clone.",
	};

	for (char *dot = strchr(name, '.'); dot; dot = strchr(dot + 1, '.'))
		for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
			if (dot > name && strncmp(dot, suffixes[i], strlen(suffixes[i])) == 0) {
				*dot = '\0';
				return;
			}
}

/* Looks for the build id among the notes; returns its size. */
static size_t
id_among_notes(const uint8_t *notes, size_t size, uint8_t id[SYMBOLS_BUILD_ID_MAX])
{
	size_t at = 0;

	while (size - at >= sizeof(ElfW(Nhdr))) {
		ElfW(Nhdr) note;
		size_t name, content;

		memcpy(&note, notes + at, sizeof(note));
		name = at + sizeof(note);
		if (note.n_namesz > NOTES_MAX || note.n_descsz > NOTES_MAX)
			return 0;
		content = name + (note.n_namesz + 3u) / 4 * 4;
		if (content + note.n_descsz > size)
			return 0;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
		    memcmp(notes + name, "GNU", 4) == 0 && note.n_descsz <= SYMBOLS_BUILD_ID_MAX) {
			memcpy(id, notes + content, note.n_descsz);
			return note.n_descsz;
		}
		at = content + (note.n_descsz + 3u) / 4 * 4;
		if (at > size)
			return 0;
	}
	return 0;
}

static size_t
id_of_segment(const struct source *source, const ElfW(Phdr) *segment, uint64_t lowest,
              uint8_t id[SYMBOLS_BUILD_ID_MAX])
{
	uint8_t notes[NOTES_MAX];
	size_t size = segment->p_filesz < sizeof(notes) ? segment->p_filesz : sizeof(notes);
	uint64_t at = source->fd < 0 ? segment->p_vaddr - lowest : segment->p_offset;

	return read_at(source, at, notes, size) ? id_among_notes(notes, size, id) : 0;
}

size_t
symbols_build_id(int fd, uint64_t base, uint8_t id[SYMBOLS_BUILD_ID_MAX])
{
	struct source source = { fd, base };
	ElfW(Ehdr) header;
	ElfW(Phdr) segments[SEGMENTS_MAX];
	uint64_t lowest = UINT64_MAX;
	size_t size = 0;

	if (!read_header(&source, &header) || header.e_phentsize != sizeof(segments[0]) ||
	    header.e_phnum > SEGMENTS_MAX ||
	    !read_at(&source, header.e_phoff, segments, header.e_phnum * sizeof(segments[0])))
		return 0;
	/* The image starts with the lowest segment, at its page: an executable's is not at 0. */
	for (size_t i = 0; i < header.e_phnum; i++)
		if (segments[i].p_type == PT_LOAD && segments[i].p_vaddr < lowest)
			lowest = segments[i].p_vaddr & ~(uint64_t)(segments[i].p_align - 1);
	for (size_t i = 0; i < header.e_phnum && size == 0; i++)
		if (segments[i].p_type == PT_NOTE)
			size = id_of_segment(&source, &segments[i], lowest, id);
	return size;
}
