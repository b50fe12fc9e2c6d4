/* The options of `maptrace check`: what the gate is asked for. */
#ifndef ANALYZER_CHECK_OPTIONS_H
#define ANALYZER_CHECK_OPTIONS_H

#include "analyzer/command.h"
#include "analyzer/limits.h"

struct check_options {
	struct options shared;
	struct limits limits; /* without its baseline and what it leaves out: files, not yet read */
	const char *baseline_path, *accepted_path, *junit_path; /* NULL: not given */
	bool is_github, allows_empty;
};

/* Reads a command line whole, and what options can only be wrong about together. */
enum options_result check_options_parse(const struct command *command, int argc, char **argv,
					struct check_options *check);

#endif
