/*
 * What a seccomp filter would do to us: whether it ends a process for a system call that recording
 * makes. Called by hooks/sandbox.c before the guest puts a filter on, and by inherited.c.
 */
#ifndef PRELOAD_PROCESS_FILTER_H
#define PRELOAD_PROCESS_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>

/* Whether it can answer one of our system calls with anything but "go on" or an error. Judged by
 * the call's number and those arguments that are always the same: where the rest decides, by the
 * worst that it may come to. A filter that the kernel refuses harms nobody. */
bool filter_harms(const struct sock_fprog *filter);

/* Makes each of those calls and of those of the start, but clone and exit_group, so that it fails
 * or changes nothing. For a child made for that, as a filter may kill it. */
void filter_try_calls(void);

#endif
