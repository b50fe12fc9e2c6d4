/*
 * A trace of a Go program, written from outside: the same file that the library writes of others,
 * so that every command reads it. Called by the `maptrace go` commands.
 *
 *     golang_result --> MAPS, CLAIMS, LIVE, REFUSED, WORDS of one snapshot
 *
 * Nothing is known between two snapshots, and no stack of an allocation: all bytes are of two
 * stacks, one for what something reaches and one for garbage that the collector has not taken yet
 * (TRACE_STACK_GARBAGE). What must never break: a snapshot's state is stored last.
 */
#ifndef ANALYZER_GO_TRACE_H
#define ANALYZER_GO_TRACE_H

#include "analyzer/symbols_module.h"
#include "golang/golang.h"
#include "trace/writer.h"

#include <sys/types.h>

enum { GO_TRACE_ERROR_SIZE = 2048 };

struct go_trace {
	struct trace_writer writer;
	struct trace_table sites, nodes, decisions, stacks, modules, profiles, text, snapshots,
	    counters;
	struct symbols_module symbols; /* of the program, for the names of globals */
	bool has_module;
};

/* When and why a snapshot was taken. */
struct go_moment {
	const char *label;
	enum trace_snapshot_cause cause;
	uint64_t ns;       /* since the process began */
	uint64_t pause_ns; /* how long it stood still */
	uint64_t scan_bytes; /* copied, and looked through afterwards */
};

/* Creates the file: `place` as for `maptrace run -o`; NULL: MAPTRACE_OUT or the default. Returns 0,
 * or -1 with a sentence in `error`. Close in both cases. */
int go_trace_create(struct go_trace *trace, const char *place, pid_t pid, const char *program,
		    char error[GO_TRACE_ERROR_SIZE]);

/* The process is so old: times in the trace count from its start. */
void go_trace_start(struct go_trace *trace, uint64_t age_ns);

/* The process has become another program. */
void go_trace_rename(struct go_trace *trace, const char *program);

/* Writes one snapshot of the process whose memory `input` is, and whose `file` has the Go runtime.
 * Returns 0, or -1 with errno: the disk is full, or memory was refused. */
int go_trace_add(struct go_trace *trace, const struct go_moment *moment, const char *file,
		 const struct golang_input *input, const struct golang_result *found);

void go_trace_close(struct go_trace *trace);

#endif
