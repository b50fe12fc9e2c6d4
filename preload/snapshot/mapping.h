/* The lines of /proc/PID/maps, without the loader and without stdio. */
#ifndef PRELOAD_SNAPSHOT_MAPPING_H
#define PRELOAD_SNAPSHOT_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mapping {
	uint64_t start, end;
	bool is_readable, is_writable, is_executable, is_shared;
	uint64_t offset;
	uint32_t device_major, device_minor;
	uint64_t inode;
	const char *path; /* "" for anonymous memory; valid until the next call */
	bool is_deleted;  /* the kernel's " (deleted)" was cut off the path */
};

enum { MAPPING_BUFFER = 16 * 1024 }; /* several lines, each at most PATH_MAX and some 80 bytes */

struct mapping_reader {
	int fd;
	size_t start, end; /* what of the buffer is not consumed yet */
	char buffer[MAPPING_BUFFER];
};

/* Of "/proc/self/maps" or another process's. 0, or -1 with errno. Followed by mapping_close where
 * it succeeded. */
int mapping_open(struct mapping_reader *reader, const char *path);

/* The next line; false: no more (or unreadable). */
bool mapping_next(struct mapping_reader *reader, struct mapping *out);

void mapping_close(struct mapping_reader *reader);

#endif
