/* Many traces in a report: a line for each, the worst first. Called by report.c. */
#ifndef ANALYZER_SUMMARY_H
#define ANALYZER_SUMMARY_H

#include "analyzer/collect.h"
#include "analyzer/command.h"

/* Prints the summary as text or JSON; returns enum command_exit. What cannot be read is said on
 * stderr and fails the command, after all others were shown. */
int summary_print(const struct command *command, const struct options *options,
		  const struct collect *traces, FILE *out);

#endif
