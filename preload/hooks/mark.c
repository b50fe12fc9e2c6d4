/*
 * maptrace_mark of include/maptrace.h ends here. Called by the guest, from anywhere.
 */
#include "preload/snapshot/snapshot.h"

/* Declared here and not through maptrace.h, where it is weak. */
__attribute__((visibility("default"))) void maptrace_mark_v1(const char *label);

void
maptrace_mark_v1(const char *label)
{
	snapshot_take(label && label[0] ? label : "mark", TRACE_CAUSE_MARK, 0);
}
