/*
 * See variables.h. A variable that was misspelt would do nothing, and the run might be a long one.
 */
#include "analyzer/variables.h"

#include "trace/environment.h"

#include <string.h>
#include <unistd.h>

bool
variables_are_known(const struct command *command)
{
	for (char **entry = environ; *entry; entry++) {
		if (!trace_variable_is_unknown(*entry))
			continue;
		command_complain(command,
				 "%.*s is no variable of maptrace: correct or unset it "
				 "(`maptrace run --help` lists them)",
				 (int)strcspn(*entry, "="), *entry);
		return false;
	}
	return true;
}
