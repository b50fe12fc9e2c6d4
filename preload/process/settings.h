/* The MAPTRACE_* variables (trace/environment.h), read once through secure_getenv. */
#ifndef PRELOAD_PROCESS_SETTINGS_H
#define PRELOAD_PROCESS_SETTINGS_H

#include "trace/environment.h"
#include "trace/format.h"

#include <stdbool.h>

struct settings {
	char out[TRACE_PATH_MAX];      /* MAPTRACE_OUT: path of the trace; %p pid, %n program name;
	                                * default "maptrace.%n.%p.mtr" in the working directory,
	                                * or in the folder that it names */
	char profiles[TRACE_PATH_MAX]; /* MAPTRACE_PROFILES: folder of further *.profile files */
	char only[TRACE_TEXT_MAX];     /* MAPTRACE_ONLY: glob over program names; others untraced */
	bool keep;                     /* MAPTRACE_KEEP=1: keep a trace that saw no map bytes */
	bool automatic;                /* MAPTRACE_AUTO=0: no snapshots by themselves */
	bool quiet;                    /* MAPTRACE_QUIET=1: nothing on standard error */
	bool check_unwind;             /* MAPTRACE_CHECK_UNWIND=1: compare each recorded stack with
	                                * two other unwinders; see unwind_check.c */
	bool refused;                  /* MAPTRACE_REFUSED=1: keep every refusal of a profile */
	uint64_t budget_ns;            /* MAPTRACE_BUDGET=SECONDS: time of one snapshot; decimals
	                                * are read; default 10 */
	uint32_t depth;                /* MAPTRACE_DEPTH: frames recorded; default and most 512 */
};

extern struct settings settings;

/* Reads the environment. Problems (a number that is none, a variable that is not known) are
 * reported through tracer_warn, once in a tree of programs. */
void settings_read(void);

/* Whether MAPTRACE_ONLY lets a program of this path be traced: by its last component. */
bool settings_want(const char *program);

/* Whether what there is to say of a variable was said by the program that started this one. */
bool settings_were_told(enum trace_variable_id id);

/* Expands %p and %n of settings.out, makes it absolute. Returns 0, or -1 with errno (too long, or
 * the working directory is gone). */
int settings_trace_path(char *into, size_t size, const char *program);

#endif
