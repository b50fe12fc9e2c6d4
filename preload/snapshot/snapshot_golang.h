/*
 * The maps of Go runtimes that live in the guest: programs with C in them (cgo), and libraries
 * built by Go. Their heap never meets malloc, so the ledger knows nothing of it; golang/ reads it
 * from the frozen copy as it does from outside, and its maps become rows beside the finder's.
 *
 *     module that exports crosscall2 --golang_find--> maps, claims, live: two stacks without frames
 *
 * Called by snapshot.c (prepare, in the guest) and snapshot_write.c (the rest, in the child). A
 * guest without such a module pays a look at the list of its modules.
 *
 * What must never break: a Go heap that was not read, or not whole, leaves its snapshot incomplete
 * with the reason.
 */
#ifndef PRELOAD_SNAPSHOT_SNAPSHOT_GOLANG_H
#define PRELOAD_SNAPSHOT_SNAPSHOT_GOLANG_H

#include "preload/snapshot/snapshot_write.h"

#include "finder/memory.h"
#include "golang/account.h"
#include "trace/rows.h"

enum { SNAPSHOT_GOLANG_MAX = 4 }; /* runtimes in one process */

struct snapshot_golang {
	struct golang_runtime {
		uint32_t module;
		struct golang_account account;
		struct golang_result found;
	} runtimes[SNAPSHOT_GOLANG_MAX];
	size_t count;
	char reason[TRACE_TEXT_MAX]; /* why it is not complete; "": it is */
};

/* Makes the stacks that a Go heap is counted under, in a guest that has one. Nothing of ours may be
 * locked. */
void snapshot_golang_prepare(void);

/* Looks through all runtimes. Release it in each case. `hidden` as for memory_open_self. */
void snapshot_golang_look(struct snapshot_golang *golang, const struct snapshot_job *job,
                          const struct memory_range *hidden, size_t hidden_count,
                          uint64_t deadline_ns);
void snapshot_golang_release(struct snapshot_golang *golang);

/* Each adds its rows. 0, or -1: no room in the trace. The texts come before the maps. */
struct trace_words;
int snapshot_golang_add_words(struct snapshot_golang *golang, struct trace_words *words);
int snapshot_golang_add_maps(const struct snapshot_golang *golang, struct trace_rows *rows);
int snapshot_golang_add_claims(const struct snapshot_golang *golang, struct trace_rows *rows);
int snapshot_golang_add_refused(const struct snapshot_golang *golang, struct trace_rows *rows);
int snapshot_golang_add_live(const struct snapshot_golang *golang, struct trace_rows *rows,
                             struct trace_snapshot *record);

#endif
