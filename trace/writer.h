/*
 * Creates a trace file and appends to it. Called only inside the guest (by preload/, and by the
 * child that takes a snapshot), so: no malloc, no stdio, no locks, errno is the caller's to keep.
 *
 * Space is reserved in the file before it is mapped or touched: a full disk is a return value here
 * and never a SIGBUS in the guest. The guest may close or reuse our descriptor behind our back;
 * each use first proves that it still is our file, and else opens the path again.
 */
#ifndef TRACE_WRITER_H
#define TRACE_WRITER_H

#include "trace/format.h"

#include <stdbool.h>

struct trace_writer {
	struct trace_header *header; /* mapped; NULL when there is no trace */
	int fd;
	uint64_t device, inode; /* what fd must be */
	bool is_draft; /* in memory; fd is of no use */
	int error; /* errno of the last time that a table could not grow, or 0 */
	char path[TRACE_PATH_MAX]; /* absolute, as created: with .1, .2 if the name was taken */
};

/* Creates the file (0600, O_EXCL, O_NOFOLLOW; a taken name gets .1, .2, ...), writes its header
 * and maps it. `program`: the path of the executable. Returns 0, or -1 with errno; nothing is left
 * behind then. */
int trace_create(struct trace_writer *writer, const char *path, const char *program);

/* The same in private memory, without a file: tables grow in memory, too, until they are cloned to
 * a file. `path` is the one that it would have. Returns 0, or -1 with errno. */
int trace_draft(struct trace_writer *writer, const char *path, const char *program);

/* The times and counters of a process that goes on in another file; the tables' own numbers come
 * with the tables. */
void trace_continue(struct trace_header *into, const struct trace_header *from);

/* Moves the writer's header in memory to where another one lies, which is gone then: who holds its
 * address goes on with this one. Returns 0, or -1 with errno. */
int trace_take_place(struct trace_writer *writer, struct trace_header *of);

/* Marks how the guest ended. The file stays mapped: other threads may still be counting. */
void trace_end(struct trace_writer *writer, enum trace_end end);

/* Removes the file if its name still means our file. */
void trace_remove(struct trace_writer *writer);

/* For a forked child that came out of the middle of an event, which it ends for itself: the header,
 * and below each table, become private copies at their addresses, and grow in memory. What no
 * memory is found for stays shared. */
void trace_detach(struct trace_writer *writer);

/* Unmaps the header and closes the descriptor without a change to the file: for a forked child
 * that leaves its parent's trace. Tables are left by trace_table_release. */
void trace_leave(struct trace_writer *writer);

/* Both, for a trace that could not be begun; errno stays that of the failure. */
void trace_abandon(struct trace_writer *writer);

/* Keeps the last thing that went wrong in the header, cut to fit. */
void trace_notice(struct trace_writer *writer, const char *sentence);

/* A growing table of equal records within the file. Appending is for one thread at a time, at() for
 * any thread and any published index. A process and its snapshot child may append to different
 * tables (owners) at once. */
struct trace_table {
	uint32_t kind;  /* enum trace_chunk_kind */
	uint32_t owner; /* snapshot index, or TRACE_NONE */
	uint32_t record_size;
	uint32_t per_chunk;
	uint32_t count; /* published */
	bool is_borrowed; /* its chunks are another file's: read only */
	struct trace_chunk **chunks; /* by sequence; own mapping of TRACE_TABLE_CHUNKS slots */
};

enum { TRACE_TABLE_CHUNKS = 128 * 1024 }; /* 2 GiB of records: the table is full then */

/* Returns 0, or -1 with errno when the anonymous mapping is refused. */
int trace_table_init(struct trace_table *table, enum trace_chunk_kind kind, uint32_t owner);

/* Unmaps the table's chunks and its own mapping. */
void trace_table_release(struct trace_table *table);

/* For a forked child whose trace is a draft. The table goes on: its chunks stay the parent's and
 * are only read; the last becomes a private copy before the first record is added. */
void trace_table_borrow(struct trace_table *table);

/* Makes that copy now, for who changes a published record of it. Returns 0, or -1 with errno. */
int trace_table_own(struct trace_table *table);

/* See trace_detach. */
void trace_table_detach(struct trace_table *table);

/* Or it starts anew: the parent's chunks are left. */
void trace_table_empty(struct trace_table *table);

/* The next record, zeroed and not yet published; the same one until trace_table_publish. NULL with
 * errno (ENOSPC, ENOMEM, EDQUOT, ...) when there is no room for it. */
void *trace_table_next(struct trace_writer *writer, struct trace_table *table);

/* Publishes the record that trace_table_next gave; returns its index. Common kinds also raise their
 * count in the header. */
uint32_t trace_table_publish(struct trace_writer *writer, struct trace_table *table);

/* Record `index`, which must be published. Any thread. */
static inline void *
trace_table_at(const struct trace_table *table, uint32_t index)
{
	struct trace_chunk *chunk = table->chunks[index / table->per_chunk];

	return (uint8_t *)chunk + TRACE_CHUNK_HEADER_SIZE +
	       (size_t)(index % table->per_chunk) * table->record_size;
}

/* Forgets the published records from `count` on; nobody may use them any more. For the time series,
 * which halves its resolution in place. */
void trace_table_shorten(struct trace_writer *writer, struct trace_table *table, uint32_t count);

/* For a forked child that goes on in a file of its own: gives the table new chunks in `to` with the
 * same records, leaves the parent's chunks and unmaps them. One thread, no one else uses the table.
 * What the parent has changed within records since the fork (counters of stacks) shows in the copy.
 * Returns 0, or -1 with errno: then the table's records are not published in `to`, and it may only
 * be released. */
int trace_table_clone(struct trace_writer *to, struct trace_table *table);

/* Appends bytes to a table of bytes (record_size 1), across chunks where needed. Returns
 * the offset of the first, or TRACE_UNKNOWN with errno. */
uint64_t trace_text_append(struct trace_writer *writer, struct trace_table *table,
                           const char *bytes, size_t size);

/* Size in bytes of one record of this kind; 0 for kinds that hold none. */
size_t trace_record_size(enum trace_chunk_kind kind);

#endif
