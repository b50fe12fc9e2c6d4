/* Process namespaces, as far as children of ours could harm the guest in one. */
#ifndef PRELOAD_PROCESS_NAMESPACE_H
#define PRELOAD_PROCESS_NAMESPACE_H

#include <stdbool.h>

/* Whether the next child will be the first of a new namespace (after unshare(CLONE_NEWPID)), the
 * one with whose end all others there end, and after which none can be made: that has to be a child
 * of the guest's own. Changes errno. */
bool namespace_awaits_first(void);

#endif
