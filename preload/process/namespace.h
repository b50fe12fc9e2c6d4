/* The namespaces of children, as far as ours could harm the guest there. */
#ifndef PRELOAD_PROCESS_NAMESPACE_H
#define PRELOAD_PROCESS_NAMESPACE_H

#include <stdbool.h>

/* Whether this thread's children are put into other namespaces than its own (after unshare or
 * setns). None of ours may be among them. Of processes: with the end of the first one there all
 * others end, and no more can be made; and that end waits until somebody has waited for each of
 * them. Of time: the first one there fixes its clocks, which the guest has yet to set. True
 * as well where /proc does not show this process (there is none, or it is of another namespace): it
 * is not known then, and a child of ours could see nothing. Changes errno. */
bool namespace_of_children_differs(void);

#endif
