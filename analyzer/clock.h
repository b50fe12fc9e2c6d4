/* The clocks that the analyzer waits and measures by. */
#ifndef ANALYZER_CLOCK_H
#define ANALYZER_CLOCK_H

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

uint64_t clock_now_ns(clockid_t clock);

/* CLOCK_MONOTONIC. */
double clock_seconds(void);

/* How long the process has existed, to a hundredth of a second; 0 where that cannot be read. */
uint64_t clock_age_ns(pid_t pid);

#endif
