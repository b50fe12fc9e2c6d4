/* The trace of a forked child, before it is worth a file. */
#ifndef PRELOAD_PROCESS_DRAFT_H
#define PRELOAD_PROCESS_DRAFT_H

#include <stdbool.h>
#include <stdint.h>

enum { DRAFT_NONE, DRAFT_OPEN, DRAFT_DROPPED };
extern uint32_t draft_state;

/* The trace lies in this process's memory and may still become a file. */
static inline bool
draft_is_open(void)
{
	return __atomic_load_n(&draft_state, __ATOMIC_RELAXED) == DRAFT_OPEN;
}

/* In a forked child, with nobody else: leaves the parent's trace for a draft. 0, or -1 with
 * errno. */
int draft_begin(void);

/* In a forked child that is in the middle of an event, with nobody else: the parent's trace becomes
 * a private copy, which that event may change. draft_begin follows at the next one. */
void draft_detach(void);

/* After each event while it is open: makes it a file when it has something to tell. `stack`: of the
 * block that came, or 0. */
void draft_look(uint32_t stack, uint64_t now_ns);

/* Makes it a file now. With `takes_locks` other threads may count, and none of the tables' locks is
 * held. False: it is none and will not be one; else there is a file. */
bool draft_settle(bool takes_locks);

/* No trace can be made: tracing ends with a word, the first of all such children's. */
void draft_give_up(const char *path, int error);

/* The process ends with nothing to tell; false: there is a file. And it goes on after all. */
bool draft_drop(void);
void draft_revive(void);

#endif
