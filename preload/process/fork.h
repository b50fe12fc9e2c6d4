/* fork, from the library's side: sane locks on both sides, and a trace of its own for the child;
 * and a trace that was removed, begun again. */
#ifndef PRELOAD_PROCESS_FORK_H
#define PRELOAD_PROCESS_FORK_H

/* In this very process, with no other thread: the trace was removed, and goes on in a new file with
 * all that it held but its snapshots. Where none can be made, tracing stops with a word. */
void fork_reopen_trace(void);

/* In a child of _Fork, which runs no handlers: where it was made in the middle of an event, that
 * event's rest must not be the parent's. Async-signal-safe. */
void fork_bare_child(void);

/* Registers the handlers, once. Called by tracer_start, and before anyone else's are registered. */
void fork_start(void);

#endif
