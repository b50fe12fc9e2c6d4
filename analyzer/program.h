/*
 * What a program is, before it is run: whether the dynamic linker will load a library into it, and
 * if not, why not. Called by run.c, which would otherwise end with no trace and no explanation.
 */
#ifndef ANALYZER_PROGRAM_H
#define ANALYZER_PROGRAM_H

#include <limits.h>
#include <stddef.h>

enum program_kind {
	PROGRAM_TRACEABLE,
	PROGRAM_MISSING,        /* no such file, or not in PATH */
	PROGRAM_NOT_EXECUTABLE, /* a folder, or no permission */
	PROGRAM_SCRIPT,         /* program_classify only: program_examine follows its interpreter */
	PROGRAM_STATIC,         /* no dynamic linker, so nothing is preloaded */
	PROGRAM_MUSL,           /* a dynamic linker that cannot load a library made for glibc */
	PROGRAM_PRIVILEGED,     /* set-uid, set-gid or capabilities: LD_PRELOAD is ignored */
	PROGRAM_SANITIZED,      /* AddressSanitizer's runtime, which wants to be preloaded first */
	PROGRAM_FOREIGN,        /* 32 bits or another machine than this library is made for */
	PROGRAM_UNKNOWN,        /* neither ELF nor a script with #! */
	PROGRAM_KINDS
};

struct program {
	enum program_kind kind;
	char path[PATH_MAX];   /* as found in PATH */
	char loaded[PATH_MAX]; /* what the kernel loads: path, or its script's interpreter */
};

/* Looks `name` up as execvp does, reads it, and follows scripts to their interpreter. */
void program_examine(const char *name, struct program *program);

/* What the first bytes of a file say. For a script its interpreter (no argument) goes to
 * `interpreter` [PATH_MAX]. Never what a file's front does not tell: PROGRAM_MISSING,
 * _NOT_EXECUTABLE, _PRIVILEGED or _SANITIZED. */
enum program_kind program_classify(const void *bytes, size_t size, char *interpreter);

/* A sentence about `program` for a person: why it cannot be traced, and what to do. NULL where it
 * can. `into` holds it. */
const char *program_explain(const struct program *program, char *into, size_t size);

#endif
