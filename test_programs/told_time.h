/*
 * Time that passes where the program says so, and nowhere else: what the library does by the clock
 * then comes at the same moments of every run, however busy the machine is.
 *
 *     guest      |- work -| time_pass(1 s) |- work -| ...
 *     library    clock_gettime -> told_time.c, which the program exports (programs.mk)
 *
 * Linked into the programs whose snapshots happen by themselves. Their clock begins anywhere; what
 * processor time a search took the library still learns from the kernel.
 */
#ifndef TEST_PROGRAMS_TOLD_TIME_H
#define TEST_PROGRAMS_TOLD_TIME_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TIME_MS UINT64_C(1000000)
#define TIME_SECOND (1000 * TIME_MS)

/* So many nanoseconds are over, and the search of a snapshot that was under way is, too. */
void time_pass(uint64_t ns);

#ifdef __cplusplus
}
#endif

#endif
