/* Seccomp filters that were in force before this program was started. */
#ifndef PRELOAD_PROCESS_INHERITED_H
#define PRELOAD_PROCESS_INHERITED_H

#include <stdbool.h>

/* Whether one of them kills for a system call that recording makes; said on standard error then.
 * Called before anything else that asks the kernel for something. errno is kept. */
bool inherited_harms(void);

#endif
