/* The clocks of looks from outside. */
#ifndef ANALYZER_GO_CLOCK_H
#define ANALYZER_GO_CLOCK_H

#include <stdint.h>
#include <sys/types.h>

uint64_t go_clock_now(void); /* CLOCK_MONOTONIC */

/* How long the process has existed, to a hundredth of a second; 0 where that cannot be read. */
uint64_t go_clock_age(pid_t pid);

#endif
