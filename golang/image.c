/*
 * Reads what a Go program says of itself; see image.h.
 *
 * The release: build information, which starts with 14 bytes of magic on a multiple of 16, or, in
 * programs linked without it, the string variable in which the runtime keeps its version. The
 * module data: the one record in data that starts with the address of a function table and whose
 * addresses all lie in the image, in order.
 */
#include "golang/image.h"

#include "golang/word.h"

#include <elf.h>
#include <string.h>

enum {
	HEADERS_MAX = 64,
	BUILD_HEADER = 32,
	STRING_SIZE = 16,
	LOOK_MAX = BUILD_HEADER,
	PIECE = 1 << 16,      /* bytes looked at through one view */
	MODULE_SIZE = 336,
	NEXT_AT = 544, NEXT_END = 600, /* in the module data: of the next module, by release */
	CODE = 22, SECTIONS = 24, SECTIONS_END = 32, /* words of it */
};
#define SEGMENT_MAX (1ull << 32) /* no linker gives a Go program one of 4 GB */

static const char build_magic[] = "\xff Go buildinf:";

bool
golang_image_holds(const struct golang_image *image, uint64_t address, uint64_t size)
{
	for (size_t i = 0; i < image->segment_count; i++) {
		const struct golang_segment *segment = &image->segments[i];
		if (address >= segment->start && address <= segment->end &&
		    size <= segment->end - address)
			return true;
	}
	return false;
}

static bool
is_elf(const Elf64_Ehdr *header)
{
	return !memcmp(header->e_ident, ELFMAG, SELFMAG) &&
	       header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_ident[EI_DATA] == ELFDATA2LSB &&
	       header->e_phentsize == sizeof(Elf64_Phdr) && header->e_phnum <= HEADERS_MAX;
}

static void
add_segment(struct golang_image *image, const Elf64_Phdr *header, uint64_t bias)
{
	uint64_t start = header->p_vaddr + bias;
	if (header->p_memsz == 0)
		return;
	if (header->p_memsz > SEGMENT_MAX || start > MEMORY_ADDRESSES_END - header->p_memsz ||
	    header->p_filesz > header->p_memsz) {
		image->oddity = "one of its segments is larger than 4 GB or than it can be";
		return;
	}
	if (image->segment_count == GOLANG_SEGMENTS_MAX) {
		image->oddity = "it has more than 16 loaded segments";
		return;
	}
	image->segments[image->segment_count++] = (struct golang_segment){
		.start = start,
		.end = start + header->p_memsz,
		.filled = start + header->p_filesz,
		.is_writable = header->p_flags & PF_W,
		.is_code = header->p_flags & PF_X,
	};
	if (start < image->start)
		image->start = start;
	if (start + header->p_memsz > image->end)
		image->end = start + header->p_memsz;
}

/* The first loaded segment holds the ELF header, so its address tells how far all are moved. */
static const char *
read_segments(struct golang_image *image, uint64_t address)
{
	Elf64_Ehdr header;
	Elf64_Phdr headers[HEADERS_MAX];
	uint64_t bias = UINT64_MAX;
	if (!memory_read(image->memory, address, &header, sizeof header) || !is_elf(&header))
		return "no 64-bit little-endian ELF header where the program should lie";
	if (header.e_machine != EM_X86_64)
		return "only Go programs for x86-64 are read";
	if (!memory_read(image->memory, address + header.e_phoff, headers,
	                 header.e_phnum * sizeof *headers))
		return "the program's headers are not in memory";
	for (size_t i = 0; i < header.e_phnum; i++) {
		if (headers[i].p_type != PT_LOAD)
			continue;
		if (bias == UINT64_MAX)
			bias = address - (headers[i].p_vaddr - headers[i].p_offset);
		add_segment(image, &headers[i], bias);
	}
	return image->segment_count ? NULL : "the program has no segments in memory";
}

/* ---- the release */

static bool
take_version(struct golang_image *image, uint64_t address, uint64_t size)
{
	char text[GOLANG_VERSION_MAX] = "";
	if (size == 0 || size >= sizeof text || !memory_read(image->memory, address, text, size))
		return false;
	if (!golang_release_is_name(text, size) && strncmp(text, "devel", 5))
		return false;
	memcpy(image->version, text, sizeof text);
	return true;
}

/* What is looked for in a segment. */
struct look {
	uint64_t step, width; /* where it can stand, its bytes */
	bool (*may_be)(const struct golang_image *image, const char *bytes);
	/* may view memory */
	bool (*take)(struct golang_image *image, uint64_t at, const char *bytes);
};

static bool
look_at_piece(struct golang_image *image, const struct look *look, uint64_t at, uint64_t size)
{
	const char *bytes = image->memory->view(image->memory, at, size);
	char copy[LOOK_MAX];
	for (uint64_t i = 0; bytes && i + look->width <= size; i += look->step) {
		if (!look->may_be(image, bytes + i))
			continue;
		memory_copy(copy, bytes + i, look->width);
		if (look->take(image, at + i, copy))
			return true;
		/* Another view may have taken the place of ours. */
		bytes = image->memory->view(image->memory, at, size);
	}
	return false;
}

/* True once it is taken. */
static bool
look_through(struct golang_image *image, const struct golang_segment *segment,
             const struct look *look)
{
	const uint64_t most = PIECE + look->width - look->step;
	for (uint64_t at = (segment->start + 15) & ~15ull; at < segment->filled; at += PIECE) {
		uint64_t left = segment->filled - at;
		if (golang_is_late(image->deadline))
			return false;
		if (look_at_piece(image, look, at, left < most ? left : most))
			return true;
	}
	return false;
}

static bool
look_through_writable(struct golang_image *image, bool is_writable, const struct look *look)
{
	for (size_t i = 0; i < image->segment_count; i++)
		if (image->segments[i].is_writable == is_writable &&
		    look_through(image, &image->segments[i], look))
			return true;
	return false;
}

static bool
may_be_build(const struct golang_image *image, const char *bytes)
{
	return bytes[0] == build_magic[0];
}

/* Behind the header: the length, 7 bits a byte, and the version. Versions are short: one byte. */
static bool
take_build(struct golang_image *image, uint64_t at, const char *bytes)
{
	uint64_t length;
	if (memcmp(bytes, build_magic, sizeof build_magic - 1) || !(bytes[15] & 2))
		return false;
	return word_read(image->memory, at + BUILD_HEADER, 1, &length) &&
	       take_version(image, at + BUILD_HEADER + 1, length);
}

static bool
may_be_string(const struct golang_image *image, const char *bytes)
{
	uint64_t text = word_of(bytes, 0, 8), length = word_of(bytes, 8, 8);
	return length >= 6 && length < GOLANG_VERSION_MAX &&
	       golang_image_holds(image, text, length);
}

static bool
take_string(struct golang_image *image, uint64_t at, const char *bytes)
{
	return take_version(image, word_of(bytes, 0, 8), word_of(bytes, 8, 8));
}

/* Data before constants: a program that reads build information holds its magic there too. */
static bool
find_version(struct golang_image *image)
{
	static const struct look build = { 16, BUILD_HEADER, may_be_build, take_build };
	static const struct look string = { 8, STRING_SIZE, may_be_string, take_string };
	return look_through_writable(image, true, &build) ||
	       look_through_writable(image, false, &build) ||
	       look_through_writable(image, true, &string);
}

/* ---- the module data */

static bool
is_functable(struct golang_image *image, uint64_t address)
{
	const void *table = image->memory->view(image->memory, address, 16);
	return table && word_of(table, 0, 4) == image->release->functable_magic &&
	       word_of(table, 4, 2) == 0 && word_of(table, 7, 1) == 8;
}

/* noptrdata, data, bss, noptrbss: each lies in the image. Their order is the linker's: that of C
 * puts data before noptrdata. */
static bool
are_ranges(const struct golang_image *image, const uint64_t *words, size_t count)
{
	for (size_t i = 0; i < count; i += 2)
		if (words[i + 1] < words[i] ||
		    !golang_image_holds(image, words[i], words[i + 1] - words[i]))
			return false;
	return true;
}

static bool
take_module(struct golang_image *image, uint64_t at)
{
	const struct golang_release *release = image->release;
	uint64_t word[MODULE_SIZE / 8];
	if (!memory_read(image->memory, at, word, sizeof word))
		return false;
	uint64_t types = word[release->types / 8], types_end = word[release->types_end / 8];
	if (word[22] >= word[23] || !golang_image_holds(image, word[22], word[23] - word[22]) ||
	    !are_ranges(image, word + 24, 8) || types >= types_end ||
	    !golang_image_holds(image, types, types_end - types))
		return false;
	image->module = at;
	image->functable = word[0];
	image->names = word[1];
	image->functions = word[13];
	image->index = word[16];
	image->index_count = word[17];
	image->text = word[22];
	image->text_end = word[23];
	memcpy(&image->noptr_data, word + 24, 8 * sizeof *word);
	image->types = types;
	image->types_end = types_end;
	return true;
}

/* Whether another module's data lie here: its sections are in order and near each other. */
static bool
is_other_module(const struct golang_image *image, uint64_t address)
{
	uint64_t word[SECTIONS_END], start;
	if (address == 0 || address % 8 || address - image->start < image->end - image->start ||
	    !memory_read(image->memory, address, word, sizeof word))
		return false;
	start = word[CODE];
	for (size_t i = CODE; i < SECTIONS_END; i += 2)
		if (word[i] == 0 || word[i] > word[i + 1] ||
		    word[i + 1] - start + SEGMENT_MAX > 2 * SEGMENT_MAX)
			return false;
	return word[0] && word[0] % 8 == 0 && start < word[CODE + 1];
}

/* Modules that were loaded later (-buildmode=plugin) follow the first in a list. */
static bool
has_next_module(const struct golang_image *image)
{
	for (uint64_t at = image->module + NEXT_AT; at < image->module + NEXT_END; at += 8)
		if (is_other_module(image, word_at(image->memory, at)))
			return true;
	return false;
}

static bool
may_be_module(const struct golang_image *image, const char *bytes)
{
	uint64_t table = word_of(bytes, 0, 8);
	return table % 8 == 0 && table >= image->start && table < image->end;
}

static bool
take_table(struct golang_image *image, uint64_t at, const char *bytes)
{
	return is_functable(image, word_of(bytes, 0, 8)) && take_module(image, at);
}

static bool
find_module(struct golang_image *image)
{
	static const struct look table = { 8, 8, may_be_module, take_table };
	return look_through_writable(image, true, &table);
}

enum golang_outcome
golang_image_open(struct golang_image *image, struct golang_deadline *deadline, const char **reason)
{
	memset(image, 0, sizeof *image);
	image->memory = deadline->input->memory;
	image->deadline = deadline;
	image->start = UINT64_MAX;
	*reason = read_segments(image, deadline->input->image);
	if (*reason)
		return GOLANG_NOT_GO;
	if (!find_version(image)) {
		*reason = "no Go build information in the program";
		return GOLANG_NOT_GO;
	}
	image->release = golang_release_of(image->version, reason);
	if (image->release && image->oddity)
		*reason = image->oddity;
	if (!image->release || image->oddity)
		return GOLANG_REFUSED;
	if (!find_module(image)) {
		*reason = "the module data was not found or is not laid out as this release has it";
		return GOLANG_REFUSED;
	}
	image->has_plugins = has_next_module(image);
	*reason = NULL;
	return GOLANG_FOUND;
}
