/* The help of `maptrace run`: the command's own and the variables of trace/environment.h. */
#ifndef ANALYZER_RUN_HELP_H
#define ANALYZER_RUN_HELP_H

/* `help` and behind it every variable with its meaning and default. free() it. NULL: no memory. */
char *run_help_compose(const char *help);

#endif
