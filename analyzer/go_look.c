/*
 * See go_look.h.
 */
#include "analyzer/go_look.h"

#include "analyzer/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Static_assert((int)ATTACH_REGISTERS == (int)GOLANG_REGISTERS &&
		   (int)MEMORY_CORE_REGISTERS == (int)GOLANG_REGISTERS,
	       "the same registers everywhere");

int
go_look_program(pid_t pid, char program[PATH_MAX])
{
	char path[32];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	length = readlink(path, program, PATH_MAX - 1);
	program[length > 0 ? length : 0] = '\0';
	return length > 0 ? 0 : -1;
}

static void
add_thread(struct go_look *look, uint64_t pc, uint64_t sp, uint64_t frame,
	   const uint64_t registers[GOLANG_REGISTERS])
{
	struct golang_thread *thread = &look->threads[look->input.thread_count++];

	thread->pc = pc;
	thread->stack_pointer = sp;
	thread->frame_pointer = frame;
	memcpy(thread->registers, registers, sizeof(thread->registers));
}

static int
keep_threads(struct go_look *look, const struct attach *stopped)
{
	look->threads = calloc(stopped->count + 1, sizeof(*look->threads));
	if (!look->threads)
		return -1;
	for (size_t i = 0; i < stopped->count; i++) {
		const struct attach_thread *thread = &stopped->threads[i];

		if (thread->is_stopped)
			add_thread(look, thread->pc, thread->sp, thread->frame, thread->registers);
	}
	return 0;
}

static void
refuse_copy(pid_t pid, pid_t reader, char error[GO_LOOK_ERROR_SIZE])
{
	int why = errno;

	if (attach_is_held(reader))
		snprintf(error, GO_LOOK_ERROR_SIZE, "the memory of process %d cannot be copied: %s",
			 (int)pid, strerror(why));
	else
		snprintf(error, GO_LOOK_ERROR_SIZE,
			 "process %d was killed while its memory was copied", (int)pid);
}

int
go_look_copy(struct go_look *look, const struct attach *stopped, pid_t reader,
	     const struct go_file *file, char error[GO_LOOK_ERROR_SIZE])
{
	memset(look, 0, sizeof(*look));
	look->file = *file;
	look->process.pages.fd = -1; /* not opened yet */
	if (go_look_program(reader, look->program) != 0 || keep_threads(look, stopped) != 0 ||
	    memory_open_process(&look->process, reader, file->path) != 0) {
		refuse_copy(stopped->pid, reader, error);
		memory_close_process(&look->process);
		return -1;
	}
	if (!attach_is_held(reader)) { /* then what was read last may be nobody's */
		refuse_copy(stopped->pid, reader, error);
		return -1;
	}
	look->input.memory = &look->process.memory;
	look->input.image = look->process.image;
	look->copied_bytes = look->process.copied_bytes;
	return 0;
}

static int
keep_core_threads(struct go_look *look)
{
	const struct memory_core_thread *threads = look->core.threads.at;

	look->threads = calloc(look->core.threads.count + 1, sizeof(*look->threads));
	if (!look->threads)
		return -1;
	for (size_t i = 0; i < look->core.threads.count; i++)
		add_thread(look, threads[i].pc, threads[i].sp, threads[i].frame,
			   threads[i].registers);
	return 0;
}

int
go_look_core(struct go_look *look, const char *core, const char *program,
	     char error[GO_LOOK_ERROR_SIZE])
{
	memset(look, 0, sizeof(*look));
	if (!realpath(program, look->program))
		snprintf(look->program, sizeof(look->program), "%s", program);
	memcpy(look->file.path, look->program, sizeof(look->file.path));
	if (memory_open_core(&look->core, core, program) != 0) {
		snprintf(error, GO_LOOK_ERROR_SIZE, "%s cannot be read as a core of %s: %s%s%s",
			 core, program, look->core.reason, errno ? ": " : "",
			 errno ? strerror(errno) : "");
		memory_close_core(&look->core);
		return -1;
	}
	if (keep_core_threads(look) != 0) {
		snprintf(error, GO_LOOK_ERROR_SIZE, "out of memory");
		return -1;
	}
	look->input.memory = &look->core.memory;
	look->input.image = look->core.image;
	look->copied_bytes = look->core.copied_bytes;
	return 0;
}

static int
explain(const struct go_look *look, enum golang_outcome outcome, char error[GO_LOOK_ERROR_SIZE])
{
	const struct golang_result *result = &look->result;
	const char *reason = result->reason ? result->reason : "its layout is not known";

	if (outcome == GOLANG_NOT_GO)
		snprintf(
		    error, GO_LOOK_ERROR_SIZE,
		    "%s is no Go program and has no library that Go built: there is no Go build "
		    "information in it. Other programs are traced by `maptrace run -- PROGRAM`",
		    look->program);
	else if (outcome == GOLANG_REFUSED)
		snprintf(error, GO_LOOK_ERROR_SIZE,
			 "%s (built by %s) is not read: %s. Maps of Go %s "
			 "are known",
			 look->file.path, result->version[0] ? result->version : "an unknown Go",
			 reason, golang_releases);
	else
		snprintf(error, GO_LOOK_ERROR_SIZE, "the maps of %s cannot be looked for: %s",
			 look->program, strerror(errno));
	return -1;
}

/* The process has another file of Go's: what was found is not all. */
static void
name_other(struct go_look *look)
{
	snprintf(look->reason, sizeof(look->reason),
		 "the maps of %.100s, a plugin or second library built by Go, were not looked for",
		 basename(look->file.other));
	look->result.is_complete = false;
	look->result.reason = look->reason;
}

int
go_look_read(struct go_look *look, uint64_t budget_ns, char error[GO_LOOK_ERROR_SIZE])
{
	uint64_t began = clock_now_ns(CLOCK_MONOTONIC);
	enum golang_outcome outcome;

	look->input.threads = look->threads;
	look->input.deadline_ns = budget_ns ? began + budget_ns : 0;
	outcome = golang_find(&look->input, &look->result);
	if (outcome == GOLANG_FOUND && look->file.other[0])
		name_other(look);
	return outcome == GOLANG_FOUND ? 0 : explain(look, outcome, error);
}

void
go_look_close(struct go_look *look)
{
	golang_release(&look->result);
	if (look->process.memory.view)
		memory_close_process(&look->process);
	if (look->core.memory.view)
		memory_close_core(&look->core);
	free(look->threads);
	memset(look, 0, sizeof(*look));
}
