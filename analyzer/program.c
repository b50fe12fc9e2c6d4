/*
 * What a program is, before it is run. The kernel and the dynamic linker decide whether a preloaded
 * library is loaded; all that they look at can be read from the file beforehand: its format, its
 * PT_INTERP, its mode bits, its capabilities and the libraries that it needs.
 *
 * The file is anybody's: every offset in it is checked against the bytes that were read, here or by
 * libelf.
 */
#include "analyzer/program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum {
	HEAD_SIZE = 64 * 1024, /* program headers and PT_INTERP lie at the front in practice */
	SCRIPTS_MAX = 4,       /* scripts whose interpreter is a script: the kernel's own limit */
};

#if defined(__x86_64__)
enum { OWN_MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
enum { OWN_MACHINE = EM_AARCH64 };
#elif defined(__riscv)
enum { OWN_MACHINE = EM_RISCV };
#else
enum { OWN_MACHINE = EM_NONE };
#endif

static enum program_kind
classify_script(const char *bytes, size_t size, char *interpreter)
{
	size_t at = 2, length = 0;

	while (at < size && (bytes[at] == ' ' || bytes[at] == '\t'))
		at++;
	while (at + length < size && !strchr(" \t\r\n", bytes[at + length]))
		length++;
	if (length == 0 || length >= PATH_MAX)
		return PROGRAM_UNKNOWN;
	memcpy(interpreter, bytes + at, length);
	interpreter[length] = '\0';
	return PROGRAM_SCRIPT;
}

/* The program header of PT_INTERP. False where there is none within the bytes. */
static bool
find_interpreter(const uint8_t *bytes, size_t size, const Elf64_Ehdr *elf, Elf64_Phdr *found)
{
	for (unsigned i = 0; i < elf->e_phnum; i++) {
		uint64_t at = elf->e_phoff + (uint64_t)i * sizeof(*found);

		if (elf->e_phoff > size || at > size || size - at < sizeof(*found))
			return false;
		memcpy(found, bytes + at, sizeof(*found));
		if (found->p_type == PT_INTERP)
			return true;
	}
	return false;
}

static enum program_kind
classify_elf(const uint8_t *bytes, size_t size)
{
	Elf64_Ehdr elf;
	Elf64_Phdr interpreter;

	if (bytes[EI_CLASS] != ELFCLASS64)
		return PROGRAM_FOREIGN;
	if (size < sizeof(elf))
		return PROGRAM_UNKNOWN;
	memcpy(&elf, bytes, sizeof(elf));
	if (OWN_MACHINE != EM_NONE && elf.e_machine != OWN_MACHINE)
		return PROGRAM_FOREIGN;
	if (elf.e_phentsize != sizeof(interpreter))
		return PROGRAM_UNKNOWN;
	if (!find_interpreter(bytes, size, &elf, &interpreter))
		return PROGRAM_STATIC;
	if (interpreter.p_offset < size && interpreter.p_filesz <= size - interpreter.p_offset &&
	    memmem(bytes + interpreter.p_offset, interpreter.p_filesz, "ld-musl", 7))
		return PROGRAM_MUSL;
	return PROGRAM_TRACEABLE;
}

enum program_kind
program_classify(const void *bytes, size_t size, char *interpreter)
{
	if (size > EI_NIDENT && memcmp(bytes, ELFMAG, SELFMAG) == 0)
		return classify_elf(bytes, size);
	if (size > 2 && memcmp(bytes, "#!", 2) == 0)
		return classify_script(bytes, size, interpreter);
	return PROGRAM_UNKNOWN;
}

/* Whether the kernel will call this program secure: the dynamic linker ignores LD_PRELOAD then. */
static bool
is_privileged(const char *path, const struct stat *file)
{
	if ((file->st_mode & S_ISUID) && file->st_uid != getuid())
		return true;
	if ((file->st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
	    file->st_gid != getgid())
		return true;
	return geteuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0;
}

static bool
section_needs(Elf *elf, Elf_Scn *section, const char *library)
{
	Elf_Data *data = elf_getdata(section, NULL);
	GElf_Shdr header;
	GElf_Dyn entry;

	if (!data || !gelf_getshdr(section, &header) || header.sh_type != SHT_DYNAMIC)
		return false;
	for (int i = 0; gelf_getdyn(data, i, &entry); i++) {
		const char *name = entry.d_tag == DT_NEEDED ?
				   elf_strptr(elf, header.sh_link, entry.d_un.d_val) : NULL;

		if (name && strncmp(name, library, strlen(library)) == 0)
			return true;
	}
	return false;
}

/* Whether the program is linked to a library whose name begins so. */
static bool
needs_library(const char *path, const char *library)
{
	int fd = elf_version(EV_CURRENT) == EV_NONE ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	Elf *elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ, NULL);
	Elf_Scn *section = NULL;
	bool is_needed = false;

	while (elf && !is_needed && (section = elf_nextscn(elf, section)))
		is_needed = section_needs(elf, section, library);
	elf_end(elf);
	if (fd >= 0)
		close(fd);
	return is_needed;
}

/* Reads the front of a file; returns its size or -1. */
static ssize_t
read_head(const char *path, void *into, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t have = 0;
	ssize_t got = 0;

	if (fd < 0)
		return -1;
	while (have < size && (got = read(fd, (char *)into + have, size - have)) > 0)
		have += (size_t)got;
	close(fd);
	return got < 0 ? -1 : (ssize_t)have;
}

/* The kind of one file; for a script, PROGRAM_SCRIPT and its interpreter. */
static enum program_kind
examine_file(const char *path, char *interpreter)
{
	struct stat file;
	enum program_kind kind;
	char *head;
	ssize_t size;

	if (stat(path, &file) < 0)
		return errno == EACCES ? PROGRAM_NOT_EXECUTABLE : PROGRAM_MISSING;
	if (!S_ISREG(file.st_mode) || access(path, X_OK) < 0)
		return PROGRAM_NOT_EXECUTABLE;
	head = malloc(HEAD_SIZE);
	size = head ? read_head(path, head, HEAD_SIZE) : -1;
	/* What may be executed but not read is left to the kernel. */
	kind = size < 0 ? PROGRAM_TRACEABLE : program_classify(head, (size_t)size, interpreter);
	free(head);
	if (kind == PROGRAM_TRACEABLE && is_privileged(path, &file))
		return PROGRAM_PRIVILEGED;
	if (kind == PROGRAM_TRACEABLE && needs_library(path, "libasan.so"))
		return PROGRAM_SANITIZED;
	return kind;
}

/* Finds `name` in PATH as execvp does. Returns false where no folder has it. */
static bool
find_in_path(const char *name, char *into, size_t size)
{
	const char *path = getenv("PATH");
	struct stat file;

	for (const char *at = path ? path : "/bin:/usr/bin"; at;) {
		const char *end = strchrnul(at, ':');
		int length = (int)(end - at);

		if (snprintf(into, size, "%.*s%s%s", length, at, length ? "/" : "", name) <
			(int)size &&
		    stat(into, &file) == 0 && S_ISREG(file.st_mode) && access(into, X_OK) == 0)
			return true;
		at = *end ? end + 1 : NULL;
	}
	return false;
}

void
program_examine(const char *name, struct program *program)
{
	char interpreter[PATH_MAX];

	memset(program, 0, sizeof(*program));
	if (strchr(name, '/') || !find_in_path(name, program->path, sizeof(program->path)))
		snprintf(program->path, sizeof(program->path), "%s", name);
	snprintf(program->loaded, sizeof(program->loaded), "%s", program->path);
	if (!strchr(program->path, '/') && access(program->path, X_OK) < 0) {
		program->kind = PROGRAM_MISSING;
		return;
	}
	for (int turn = 0; turn <= SCRIPTS_MAX; turn++) {
		program->kind = examine_file(program->loaded, interpreter);
		if (program->kind != PROGRAM_SCRIPT)
			return;
		snprintf(program->loaded, sizeof(program->loaded), "%s", interpreter);
	}
	program->kind = PROGRAM_UNKNOWN;
}

const char *
program_explain(const struct program *program, char *into, size_t size)
{
	static const char *const sentences[PROGRAM_KINDS] = {
	    [PROGRAM_MISSING] = "there is no such program; check the name and PATH",
	    [PROGRAM_NOT_EXECUTABLE] = "it cannot be executed: no permission, or no ordinary file",
	    [PROGRAM_STATIC] = "it is statically linked, so no library can be loaded into it; link "
			       "it dynamically to trace it",
	    [PROGRAM_MUSL] = "it is linked to musl, which cannot load this library made for glibc",
	    [PROGRAM_PRIVILEGED] = "it is set-uid, set-gid or has capabilities, so the dynamic "
				   "linker ignores LD_PRELOAD; run it as its owner, or a copy "
				   "without these bits",
	    [PROGRAM_SANITIZED] = "it was built with AddressSanitizer, which ends a program that "
				  "preloads another library before its own; build it without, or "
				  "set ASAN_OPTIONS=verify_asan_link_order=0 to let it run",
	    [PROGRAM_FOREIGN] = "it is made for another machine or for 32 bits, and libmaptrace.so "
				"is not",
	    [PROGRAM_UNKNOWN] = "it is neither an ELF program nor a script that starts with #!",
	};
	bool is_script = strcmp(program->path, program->loaded) != 0;

	if (!sentences[program->kind])
		return NULL;
	snprintf(into, size, "%s%s%s%s: %s", program->path, is_script ? " (run by " : "",
		 is_script ? program->loaded : "", is_script ? ")" : "", sentences[program->kind]);
	return into;
}
