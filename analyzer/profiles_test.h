/* `maptrace profiles test`: tries a profile on a program. Called by profiles.c. */
#ifndef ANALYZER_PROFILES_TEST_H
#define ANALYZER_PROFILES_TEST_H

#include "analyzer/command.h"

/* Runs `program` (its name and arguments, NULL at the end) with the sound profile `profile`, whose
 * text is at profile->text, and tells on standard output what it found and refused. Returns enum
 * command_exit: COMMAND_OVER where no map was found. */
int profiles_test(const struct command *command, const struct profile *profile, char **program);

#endif
