/*
 * Asking a running guest for a snapshot. Called by the analyzer; uses libc. The request is a word
 * in the trace's header, which the library reads anyway at its events: no ptrace, no signal,
 * nothing that the guest could notice. Whoever may write the file may ask.
 *
 *     asker    label, requests + 1 ........................ answered? ... which snapshot
 *     library  ........... event: snapshot, requests_answered = requests
 */
#ifndef TRACE_REQUEST_H
#define TRACE_REQUEST_H

#include "trace/format.h"

#include <stdbool.h>

struct trace_request {
	struct trace_header *header; /* of the file, mapped and shared */
	uint32_t number;             /* of this request */
	uint32_t snapshots_before;   /* snapshots with a lower index are older than it */
};

/* Maps the header of the trace at `path` and asks for a snapshot of this name (cut to fit; "": the
 * name is "request"). Returns 0, or -1 with errno: EPROTO where the file is no trace of this
 * version. Release in both cases. */
int trace_request_place(struct trace_request *request, const char *path, const char *label);

/* Whether the library has taken it; the snapshot may still be under way. */
bool trace_request_is_answered(const struct trace_request *request);

void trace_request_release(struct trace_request *request);

#endif
