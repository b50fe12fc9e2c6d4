/*
 * See go_file.h. What Go built says so in its data, by 14 bytes of magic on a multiple of 16, or
 * in a note: old plugins have no such data, and who wants the same bytes from each build drops
 * the note. Files are opened as the process sees them, in its own root; each is untrusted.
 */
#include "analyzer/go_file.h"

#include "finder/memory_elf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEP = 1 << 16, ALIGN = 16, NOTES_MAX = 4096, BUILD_ID = 4 };

static const char magic[] = "\xff Go buildinf:";

/* Whether the magic stands in these bytes of a file, which are mapped to a multiple of ALIGN. */
static bool
has_magic(const struct memory_elf *elf, uint64_t offset, uint64_t size)
{
	char bytes[STEP];

	for (uint64_t left; size >= sizeof(magic); offset += left, size -= left) {
		left = size < STEP ? size : STEP;
		if (!memory_elf_read(elf, offset, bytes, left))
			return false;
		for (uint64_t i = 0; i + sizeof(magic) <= left; i += ALIGN)
			if (memcmp(bytes + i, magic, sizeof(magic) - 1) == 0)
				return true;
	}
	return false;
}

/* Whether a note of Go's stands in these bytes of a file. */
static bool
has_note(const struct memory_elf *elf, uint64_t offset, uint64_t size)
{
	unsigned char bytes[NOTES_MAX];
	Elf64_Nhdr note;

	if (size > sizeof(bytes) || !memory_elf_read(elf, offset, bytes, size))
		return false;
	for (uint64_t at = 0, whole; at + sizeof(note) + sizeof("Go") < size; at += whole) {
		memcpy(&note, bytes + at, sizeof(note));
		whole = sizeof(note) + ((note.n_namesz + 3ull) & ~3ull) +
			((note.n_descsz + 3ull) & ~3ull);
		if (note.n_type == BUILD_ID &&
		    memcmp(bytes + at + sizeof(note), "Go", sizeof("Go")) == 0)
			return true;
	}
	return false;
}

static bool
says_go(const struct memory_elf *elf, const Elf64_Phdr *segment)
{
	uint64_t skip = -segment->p_vaddr % ALIGN;

	if (segment->p_type == PT_NOTE)
		return has_note(elf, segment->p_offset, segment->p_filesz);
	return segment->p_type == PT_LOAD && segment->p_flags & PF_W && skip < segment->p_filesz &&
	       has_magic(elf, segment->p_offset + skip, segment->p_filesz - skip);
}

static bool
is_go(pid_t pid, const char *path)
{
	char name[PATH_MAX + 32];
	struct memory_elf elf;
	bool is_found = false;

	snprintf(name, sizeof(name), "/proc/%d/root%s", (int)pid, path);
	if (memory_elf_open(&elf, name) == NULL)
		for (size_t i = 0; i < elf.segments.count && !is_found; i++)
			is_found = says_go(&elf, (const Elf64_Phdr *)elf.segments.at + i);
	memory_elf_close(&elf);
	return is_found;
}

/* The path of the file whose first byte a line of /proc/PID/maps maps, or NULL. */
static char *
file_of(char *line)
{
	char *path = strchr(line, '/');
	unsigned long long offset;

	if (!path || sscanf(line, "%*s %*s %llx", &offset) != 1 || offset != 0)
		return NULL;
	path[strcspn(path, "\n")] = '\0';
	return strlen(path) < PATH_MAX ? path : NULL;
}

void
go_file_find(pid_t pid, const char *program, struct go_file *file)
{
	char path[32], *line = NULL, *name;
	bool is_found = is_go(pid, program);
	size_t room = 0;
	FILE *maps;

	file->other[0] = '\0';
	snprintf(file->path, sizeof(file->path), "%s", program);
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "re");
	while (maps && !file->other[0] && getline(&line, &room, maps) > 0) {
		name = file_of(line);
		if (!name || strcmp(name, file->path) == 0 || !is_go(pid, name))
			continue;
		snprintf(is_found ? file->other : file->path, PATH_MAX, "%s", name);
		is_found = true;
	}
	free(line);
	if (maps)
		fclose(maps);
}
