/*
 * Programs that make life hard for whoever lives inside them: each file here is a program with a
 * few cases, and its output and status must be the same under the library. A case gives back all
 * that it allocates, so that what the trace holds at the end is what libc keeps.
 *
 *     PROGRAM --list           "NAME FEW MANY" for each case
 *     PROGRAM CASE [TIMES]     runs it; FEW times unless told otherwise, MANY is for a long test
 */
#ifndef HARDSHIP_H
#define HARDSHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct hardship {
	const char *name;
	void (*run)(unsigned times);
	unsigned few, many;
};

/* Each program's own; a nameless one ends them. */
extern const struct hardship hardships[];

/* Ends the program with status 9 where `holds` is false, with errno's word. */
void expect(bool holds, const char *what);

/* `count` allocations and frees of changing sizes. Safe in any process and thread. */
void churn(unsigned count);

/* So many snapshots, where there is somebody to take them, with some events between them. */
void marks(unsigned times);

/* Waits for a child; its status must be exit(0). */
void reap(pid_t pid);

/* Eight threads that allocate, free each other's blocks and never stand still. */
void crowd_start(void);
void crowd_stop(void);

#endif
