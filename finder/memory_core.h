/*
 * A core file as a guest: what its process held when it died or gcore looked at it. Called by the
 * analyzer; fuzzed. Cores leave out what the program's file holds anyway, so that file is laid over
 * the gaps.
 *
 *     core:      | data | heap ... |              PT_LOAD with bytes
 *     program:   | code | constants |             its segments, where the core has none
 *     notes:     registers (NT_PRSTATUS), where the program lay (NT_AUXV)
 *
 * Both files are untrusted: every offset in them is checked against their sizes, and a core that
 * ends early or speaks of another machine or program is refused, never guessed at.
 */
#ifndef FINDER_MEMORY_CORE_H
#define FINDER_MEMORY_CORE_H

#include "finder/memory_copy.h"

#include <sys/types.h>

enum { MEMORY_CORE_REGISTERS = 17 };

struct memory_core_thread {
	pid_t id;
	uint64_t pc, sp, frame;
	uint64_t registers[MEMORY_CORE_REGISTERS];
};

struct memory_core {
	struct memory memory; /* `context` is `copy` */
	struct memory_copy copy;
	struct array threads; /* struct memory_core_thread; the one that died comes first */
	uint64_t bias;        /* address = address in the program's file + bias */
	uint64_t image;       /* where the program's ELF header lies */
	uint64_t copied_bytes;
	const char *reason;   /* why it is refused; static text, starts with what is wrong */
};

/* Opens the core at `path` of the program at `program`. Returns 0, or -1 with core->reason, and
 * errno where a system call failed, else 0. Close in both cases. */
int memory_open_core(struct memory_core *core, const char *path, const char *program);
void memory_close_core(struct memory_core *core);

#endif
