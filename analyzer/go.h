/* What the ways of `maptrace go` share: its options, and how it tells of a trace. */
#ifndef ANALYZER_GO_H
#define ANALYZER_GO_H

#include "analyzer/command.h"
#include "analyzer/go_look.h"
#include "analyzer/go_trace.h"

struct go {
	const struct command *command;
	struct options options;
	const char *place;   /* --output */
	const char *report;  /* --report */
	const char *label;   /* --label */
	const char *core;    /* --core */
	const char *program; /* --exe */
	uint64_t budget_ns;  /* --budget; 0: none */
	double every_s;      /* run --every; 0: never */
	bool is_run;
	const char *pid;     /* operand */
	char **arguments;    /* of run: the program and its own, within argv */
};

/* Each returns enum command_exit; go_run the program's own exit code where that is not 0. */
int go_attach(const struct go *go);
int go_core(const struct go *go);
int go_run(const struct go *go);

/* Writes what a look found into a trace of its own and reports on it. */
int go_tell(const struct go *go, struct go_look *look, const struct go_moment *moment, pid_t pid,
	    uint64_t age_ns);

#endif
