/*
 * Stops a process as a debugger does, tells what its threads hold, and lets it go. Called by the
 * commands that read a process from outside.
 *
 *     seize each thread --> interrupt --> all stopped, registers noted --> ... --> detach each
 *
 * What must never break: whatever happens here, the process is let go in the state in which it was
 * found: running or stopped, with every signal that it was about to get. Should we die ourselves,
 * the kernel does the same.
 */
#ifndef ANALYZER_ATTACH_H
#define ANALYZER_ATTACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { ATTACH_REGISTERS = 17 };

struct attach_thread {
	pid_t id;
	int signal;     /* to be delivered when it goes on, or 0 */
	bool is_stopped; /* else it runs, or is on its way to its stop */
	int stop;        /* follow.c: what it reported */
	long call;       /* system call that it is in; below 0: none */
	uint64_t pc, sp, frame; /* frame: the frame pointer's register */
	uint64_t registers[ATTACH_REGISTERS]; /* all that may hold a pointer */
};

struct attach {
	pid_t pid;
	struct attach_thread *threads;
	size_t count, room;
};

enum { ATTACH_ERROR_SIZE = 1024 };

/* Stops all threads. Returns 0, or -1 with a sentence in `error` that says what stands in the way
 * and what to do; then none is stopped. Release in both cases. */
int attach_stop(struct attach *attach, pid_t pid, char error[ATTACH_ERROR_SIZE]);

/* Whether a thread that was stopped stands still yet: SIGKILL sets it going. */
bool attach_is_held(pid_t id);

/* Lets all threads go. May be called again. */
void attach_release(struct attach *attach);

/* The list of threads; pointers into it last until the next change. attach_add: NULL, no memory. */
struct attach_thread *attach_find(const struct attach *attach, pid_t id);
struct attach_thread *attach_add(struct attach *attach, pid_t id);
void attach_forget(struct attach *attach, pid_t id);

/* Notes the registers of a thread that is stopped. */
void attach_note_registers(struct attach_thread *thread);

/* attach_explain.c. Why ptrace refused `pid` with `why`: which setting, and what to do. */
void attach_explain(pid_t pid, int why, char error[ATTACH_ERROR_SIZE]);

/* The same with another file for Yama's setting than the kernel's. */
void attach_explain_by(pid_t pid, int why, const char *yama, char error[ATTACH_ERROR_SIZE]);

#endif
