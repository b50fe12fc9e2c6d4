/*
 * Opens a trace file and proves it sound before anyone looks at it. Called by the analyzer; uses
 * malloc. The file is untrusted and may be growing while it is read: it is copied first, then
 * the copy is checked, so nothing that is returned can change or fault.
 *
 * After trace_open every index in a record (site, node, decision, module, stack, profile, snapshot,
 * text range) is within its table or TRACE_NONE, every parent comes before its child, every string
 * is terminated, every enum and flag is in range, every map row is consistent with itself, and the
 * parts of maps and claims, summed over a snapshot (TRACE_UNKNOWN left out), do not overflow 64
 * bits. Counters of stacks and of the header are only numbers: a guest that runs may be caught
 * between two of them. The header's live bytes are those of all stacks together, and its peak is
 * not below them.
 */
#ifndef TRACE_READER_H
#define TRACE_READER_H

#include "trace/format.h"

#include <stdbool.h>

enum trace_error_kind {
	TRACE_ERROR_NONE,
	TRACE_ERROR_OPEN,     /* cannot be opened or read: errno_value */
	TRACE_ERROR_FOREIGN,  /* not a maptrace trace */
	TRACE_ERROR_VERSION,  /* written by a newer (or older, unsupported) maptrace */
	TRACE_ERROR_ORDER,    /* the other byte order */
	TRACE_ERROR_TRUNCATED,/* ends before what its header promises */
	TRACE_ERROR_CORRUPT,  /* contradicts itself: `message` says where */
	TRACE_ERROR_MEMORY,
};

struct trace_error {
	enum trace_error_kind kind;
	int errno_value;
	uint64_t offset;      /* in the file, where it applies */
	char message[512];    /* what was tried, on what, why it failed, what to do */
};

/* The rows of one snapshot, in the order in which they were written. The counts within `info` are
 * those of the arrays: where the writer died before it counted, what its chunks held. */
struct trace_snapshot_rows {
	struct trace_snapshot info;
	struct trace_live *live;
	struct trace_claim *claims;
	struct trace_map *maps;
	struct trace_refused *refused;
	char *words; /* texts of maps: each begins where its map says and is terminated */
	uint32_t live_count, claims_count, maps_count, refused_count, words_size;
};

/* What was counted of one stack, by all threads. Where more than one of them did, its own peak is
 * no more than known to be at most so much. */
struct trace_count {
	uint64_t live_bytes, live_blocks;
	uint64_t total_bytes, total_blocks; /* ever allocated */
	uint64_t at_peak_bytes, at_peak_blocks; /* at header.peak_bytes */
	uint64_t peak_bytes;
	bool is_peak_bound;
};

/* A frame of the tree of all stacks, with what its site says. Frame 0 is the root. */
struct trace_frame {
	uint64_t pc;     /* return address: the call is the instruction before it */
	uint32_t module; /* index, or TRACE_NONE */
	uint32_t parent; /* 0 at the outermost */
};

/* A stack, with what was decided of it: see struct trace_decision. */
struct trace_origin {
	uint32_t node; /* the innermost frame */
	uint32_t profile;
	uint8_t role, split_role, flags;
	uint32_t split_share, split_whole;
};

/* A trace in memory: plain arrays. */
struct trace {
	char path[4096];
	uint64_t file_size;
	struct trace_header header;
	struct trace_frame *nodes;
	struct trace_origin *stacks;
	struct trace_count *counts; /* by stack */
	struct trace_point *series;
	struct trace_module *modules;
	struct trace_profile *profiles;
	struct trace_snapshot_rows *snapshots;
	char *text;
	uint32_t node_count, stack_count, series_count, module_count, profile_count, snapshot_count;
	uint64_t text_size;
	bool is_torn; /* one thread's counters, of more than one moment: its guest ran, or was
	               * killed */
};

/* Returns the trace, or NULL with *error filled. Release with trace_close. */
struct trace *trace_open(const char *path, struct trace_error *error);

/* The same from bytes in memory (for tests and fuzzing); `path` is used in messages only. */
struct trace *trace_open_bytes(const void *bytes, size_t size, const char *path,
                               struct trace_error *error);

void trace_close(struct trace *trace);

/* True when the guest's process still exists and still writes this file. */
bool trace_guest_is_running(const struct trace *trace);

/* True when some snapshot's writer, a process of its own that may outlive the guest, is at work. */
bool trace_is_being_written(const struct trace *trace);

#endif
