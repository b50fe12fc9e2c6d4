/*
 * What `check` found, and the four forms in which it is written. Writers print and compute nothing;
 * what was lost on the way out is for command_finish to notice.
 */
#ifndef ANALYZER_WRITE_CHECK_H
#define ANALYZER_WRITE_CHECK_H

#include "analyzer/accepted.h"
#include "analyzer/verdict.h"

#include <stdio.h>

struct check_result {
	struct verdict *verdicts; /* in the order of the command line */
	size_t count;
	size_t outcomes[VERDICT_OUTCOMES]; /* how many of each */
	const struct accepted *accepted;   /* NULL: no list was given */
	const char *accepted_path;
	int exit_code;
};

/* For people: a line for each trace, below it what is wrong, where, and what would help. */
void write_check_text(FILE *out, const struct check_result *result, bool color);

/* "schema": "maptrace-check/1". Returns 0, or -1: no memory. */
int write_check_json(FILE *out, const struct check_result *result);

/* JUnit XML: a test case for each limit of each trace. */
void write_junit(FILE *out, const struct check_result *result);

/* GitHub's workflow commands: an annotation for each finding, at the line that made the map. */
void write_github(FILE *out, const struct check_result *result);

#endif
