/*
 * Every way a guest can end: main wrapped through __libc_start_main; exit, quick_exit, _exit,
 * _Exit, err and error families (libc calls exit inside them, past the PLT), pthread_exit from
 * main; an ELF destructor as backstop, labelled exit-late. The exit snapshot comes before
 * destructors run, once.
 */
#ifndef PRELOAD_HOOKS_ENDS_H
#define PRELOAD_HOOKS_ENDS_H

#include "trace/format.h"

#include <stdbool.h>

/* Takes the exit snapshot if none was taken in this process, waits for it, marks the trace as ended
 * or removes it if it saw no map bytes. Whether it was this call that did. */
bool ends_now(const char *label, enum trace_snapshot_cause cause);

/* The same before an exec; a trace that has nothing of its own to tell goes without a snapshot. */
bool ends_by_exec(void);

/* For a guest that is about to forbid us what we need: the last snapshot, "sandbox", and the last
 * word of the trace, which is one of a guest that goes on unrecorded. Nothing is said on standard
 * error. */
void ends_by_sandbox(void);

/* The end that a call of the first two was for did not come: tracing goes on with nothing lost. */
void ends_revive(void);

/* Whether the process has no other thread. */
bool ends_is_single_threaded(void);

/* In a forked child: it may end again. */
void ends_after_fork(void);

#endif
