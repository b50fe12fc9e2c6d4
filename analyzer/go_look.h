/*
 * One look at a Go program from outside: its memory is copied while it stands still, and read when
 * it has gone on. Called by the `maptrace go` commands.
 *
 *     go_look_copy (stopped)  -->  go_look_read (any time later, any thread)  -->  trace
 */
#ifndef ANALYZER_GO_LOOK_H
#define ANALYZER_GO_LOOK_H

#include "analyzer/attach.h"
#include "analyzer/go_file.h"
#include "finder/memory_core.h"
#include "finder/memory_process.h"
#include "golang/golang.h"

#include <limits.h>

enum { GO_LOOK_ERROR_SIZE = 2 * PATH_MAX + 512 };

struct go_look {
	struct memory_process process;
	struct memory_core core;
	struct golang_thread *threads; /* owned */
	struct golang_input input;
	struct golang_result result; /* of go_look_read */
	uint64_t copied_bytes;
	char reason[TRACE_TEXT_MAX]; /* of the result, where a file of the process is one */
	char program[PATH_MAX];
	struct go_file file; /* that has the Go runtime */
};

/* Copies the process that `stopped` holds, through its thread `reader`; `file` of it has the Go
 * runtime (go_file_find). Returns 0, or -1 with a sentence in `error`. Close in both cases. */
int go_look_copy(struct go_look *look, const struct attach *stopped, pid_t reader,
		 const struct go_file *file, char error[GO_LOOK_ERROR_SIZE]);

/* The same from a core file. */
int go_look_core(struct go_look *look, const char *core, const char *program,
		 char error[GO_LOOK_ERROR_SIZE]);

/* Finds the maps; `budget_ns` 0: however long it takes. */
int go_look_read(struct go_look *look, uint64_t budget_ns, char error[GO_LOOK_ERROR_SIZE]);

void go_look_close(struct go_look *look);

/* The file that a process runs, as /proc/PID/exe has it. -1 with errno. */
int go_look_program(pid_t pid, char program[PATH_MAX]);

#endif
