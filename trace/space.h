/*
 * Room in the trace file: a descriptor that is proved to be ours, space that is reserved before
 * anyone touches it, chunks that belong to one taker alone. Private to trace/; see writer.h for
 * what runs here and under which law.
 */
#ifndef TRACE_SPACE_H
#define TRACE_SPACE_H

#include "trace/writer.h"

/* Moves a descriptor out of the low numbers, close-on-exec, so that the guest's own open() returns
 * what it would return without us. Returns the new number, or fd itself where that is refused. */
int trace_space_move_away(int fd);

/* The writer's descriptor, proved by device and inode; opened again by its path if the guest has
 * closed or reused it. Returns -1 with errno EBADF if the path does not lead to our file either. */
int trace_space_descriptor(struct trace_writer *writer);

/* Reserves bytes of the file. Returns 0, or -1 with errno: ENOSPC, EDQUOT, EFBIG (the limit on file
 * sizes, found before the kernel sends SIGXFSZ for it), ... */
int trace_space_reserve(int fd, uint64_t offset, uint64_t size);

/* Takes `run` neighbouring chunks and reserves their bytes without mapping them; *first is the
 * number of the first. Returns the descriptor, or -1 with errno. */
int trace_space_number(struct trace_writer *writer, uint32_t run, uint32_t *first);

/* Takes `run` neighbouring chunks for this caller alone and maps them: zeroed, of kind FREE. Any
 * thread of any process that has the file mapped. NULL with errno. */
struct trace_chunk *trace_space_take(struct trace_writer *writer, uint32_t run);

/* A private copy of the first `size` bytes takes the place of a mapping of `room`. Returns 0, or -1
 * with errno. */
int trace_space_copy(void *at, size_t size, size_t room);

/* Copies `size` bytes of records of a chunk, under a new label, to chunk `number` of another file,
 * and maps that where the old one was: records stay at their addresses. They are written and not
 * stored through the mapping, so pages that nobody touches again are never mapped. Returns 0, or -1
 * with errno. */
int trace_space_move(int fd, uint32_t number, struct trace_chunk *chunk,
                     const struct trace_chunk *label, size_t size);

#endif
