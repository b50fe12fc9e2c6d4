/* What the process that started this one has said, for programs that were started anew (exec). */
#ifndef PRELOAD_PROCESS_KIN_H
#define PRELOAD_PROCESS_KIN_H

#include <stdbool.h>

/* Whether this process is the first of its line that cannot have a trace. From then on those that
 * it starts are not. False only where the parent is known to have said so. */
bool kin_is_first_without_trace(void);

#endif
