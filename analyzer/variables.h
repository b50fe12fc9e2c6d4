/* The environment as `run` and `go` find it, before a program is started under it. */
#ifndef ANALYZER_VARIABLES_H
#define ANALYZER_VARIABLES_H

#include "analyzer/command.h"

#include <stdbool.h>

/* Whether all that begin as maptrace's are its own; else says which is not. */
bool variables_are_known(const struct command *command);

#endif
