/* fork, from the library's side: sane locks on both sides, and a trace of its own for the child. */
#ifndef PRELOAD_FORK_H
#define PRELOAD_FORK_H

/* Registers the handlers. Called once by tracer_start. */
void fork_start(void);

#endif
