/* `maptrace profiles list`. */
#ifndef ANALYZER_PROFILES_LIST_H
#define ANALYZER_PROFILES_LIST_H

#include "analyzer/command.h"

/* Prints the known profiles that pass the options' filter, as JSON where asked. Returns enum
 * command_exit. */
int profiles_list(const struct command *command, const struct options *options);

#endif
