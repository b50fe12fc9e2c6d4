/* What the process that started this one has said, for programs that were started anew (exec). */
#ifndef PRELOAD_PROCESS_KIN_H
#define PRELOAD_PROCESS_KIN_H

#include <stdbool.h>

/* Whether this process is the first of its line that cannot have a trace. From then on those that
 * it starts are not. False only where the parent is known to have said so. */
bool kin_is_first_without_trace(void);

/* Whether the parent runs under the library too and was started with this very entry of the
 * environment (NAME=VALUE; NULL: with any), so that it has said what there is to say of it. False
 * where the parent cannot be seen. */
bool kin_has_seen(const char *entry);

#endif
