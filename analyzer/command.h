/*
 * What a command of maptrace is, and the options that they share. main.c holds the table; each
 * command has a file of its own that defines its entry. Only commands print; what they call returns
 * errors with a cause.
 */
#ifndef ANALYZER_COMMAND_H
#define ANALYZER_COMMAND_H

#include "analyzer/model.h"

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>

/* Exit codes, the same for every command. */
enum command_exit {
	COMMAND_OK = 0,
	COMMAND_OVER = 1,     /* check: over a limit */
	COMMAND_FAILED = 2,   /* usage, unreadable trace, no output */
	COMMAND_UNJUDGED = 3, /* check: cannot judge; go: a program that is not known */
};

struct command {
	const char *name;      /* "report" */
	const char *arguments; /* "[OPTIONS] TRACE" */
	const char *summary;   /* one line for the list of commands */
	const char *help;      /* paragraphs for `maptrace NAME --help` */
	/* argv[0] is the command's name. Returns enum command_exit. */
	int (*run)(const struct command *command, int argc, char **argv);
};

extern const struct command command_report, command_maps, command_map, command_check, command_run,
    command_go, command_profiles, command_snapshot;

/* Shared options, as parsed by options_parse. */
struct options {
	const char *snapshot;       /* --snapshot LABEL; NULL: the worst */
	struct model_filter filter; /* --profile GLOB, --min BYTES, --sort KEY */
	bool json;                  /* --json */
	bool without_names;         /* --no-symbols */
	bool color;                 /* --color, NO_COLOR and the terminal, resolved for stdout */
	char **operands;            /* what is left: within argv */
	int operand_count;
};

enum options_result {
	OPTIONS_GO,
	OPTIONS_DONE /* help was printed: exit 0 */,
	OPTIONS_BAD /* said so: exit 2 */
};

/* options.c. Shared options and, where `extra` is not NULL, a command's own (its parser gets
 * `extra_input` as its input). Options and operands may mix. Says on stderr what is wrong. */
enum options_result options_parse(const struct command *command, int argc, char **argv,
				  const struct argp *extra, void *extra_input,
				  struct options *options);

/* options.c. "maptrace COMMAND: message" on stderr, control characters escaped. */
void command_complain(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* report.c. Opens the trace at `path` and chooses the snapshot that `options` ask for. NULL: said
 * so on stderr. A trace without complete snapshot comes with judged == NULL and is no error, unless
 * a label was asked for. */
struct model *command_open(const struct command *command, const struct options *options,
			   const char *path);

/* report.c. Prints the report as `maptrace report` does; returns enum command_exit. `run` uses it.
 */
int command_print_report(const struct command *command, struct model *model,
			 const struct options *options, FILE *out);

/* report.c. The same for the trace at `path`, into the file `into`; NULL: standard output. */
int command_report_on(const struct command *command, const struct options *options,
		      const char *path, const char *into);

/* report.c. Flushes `out`; -1 when any output was lost (said so). */
int command_finish(const struct command *command, FILE *out);

#endif
