/*
 * Which file of a process has its Go runtime: the program's own, or that of a library which Go
 * built for programs in other languages (-buildmode=c-shared). Called before each look.
 */
#ifndef ANALYZER_GO_FILE_H
#define ANALYZER_GO_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct go_file {
	char path[PATH_MAX];
	char other[PATH_MAX]; /* a plugin, or a second library with a runtime of its own; "": none
			       */
};

/* The first file in the process's memory that Go built; `program` where there is none. */
void go_file_find(pid_t pid, const char *program, struct go_file *file);

#endif
