/*
 * Reads /proc/PID/maps line by line. Called by module.c, under the intern lock, and by kin.c, with
 * a reader in static memory: the stack of a guest's thread may be small.
 *
 * A mapping can change between two reads of the file; so a line is a hint of what was there, and
 * whoever reads memory by it must survive that it is gone.
 */
#include "preload/snapshot/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int
mapping_open(struct mapping_reader *reader, const char *path)
{
	reader->start = reader->end = 0;
	reader->fd = open(path, O_RDONLY | O_CLOEXEC);
	return reader->fd < 0 ? -1 : 0;
}

void
mapping_close(struct mapping_reader *reader)
{
	close(reader->fd);
}

/* Moves what is left to the front and reads on; false at the end of the file. */
static bool
refill(struct mapping_reader *reader)
{
	ssize_t got;

	memmove(reader->buffer, reader->buffer + reader->start, reader->end - reader->start);
	reader->end -= reader->start;
	reader->start = 0;
	if (reader->end == sizeof(reader->buffer))
		return false; /* no line is that long */
	do
		got = read(reader->fd, reader->buffer + reader->end,
		           sizeof(reader->buffer) - reader->end);
	while (got < 0 && errno == EINTR);
	if (got <= 0)
		return false;
	reader->end += (size_t)got;
	return true;
}

/* The next line, terminated in place; NULL at the end. */
static char *
next_line(struct mapping_reader *reader)
{
	char *line, *newline;

	while (!(newline = memchr(reader->buffer + reader->start, '\n',
	                          reader->end - reader->start)))
		if (!refill(reader))
			return NULL;
	line = reader->buffer + reader->start;
	*newline = '\0';
	reader->start = (size_t)(newline + 1 - reader->buffer);
	return line;
}

static uint64_t
number(char **at, unsigned base)
{
	uint64_t value = 0;

	for (;; (*at)++) {
		char c = **at;
		unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
		                 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
		                                        : base;

		if (digit >= base)
			return value;
		value = value * base + digit;
	}
}

/* Steps over one separator; false where it is not there. */
static bool
skip(char **at, char separator)
{
	if (**at != separator)
		return false;
	++*at;
	return true;
}

static void
cut_deleted(char *path, struct mapping *out)
{
	static const char mark[] = " (deleted)";
	size_t length = strlen(path), tail = sizeof(mark) - 1;

	out->is_deleted = length > tail && strcmp(path + length - tail, mark) == 0;
	if (out->is_deleted)
		path[length - tail] = '\0';
}

/* "start-end rwxp offset major:minor inode   path" */
static bool
parse(char *at, struct mapping *out)
{
	out->start = number(&at, 16);
	if (!skip(&at, '-'))
		return false;
	out->end = number(&at, 16);
	if (!skip(&at, ' ') || strnlen(at, 5) < 5)
		return false;
	out->is_readable = at[0] == 'r';
	out->is_writable = at[1] == 'w';
	out->is_executable = at[2] == 'x';
	out->is_shared = at[3] == 's';
	at += 5;
	out->offset = number(&at, 16);
	if (!skip(&at, ' '))
		return false;
	out->device_major = (uint32_t)number(&at, 16);
	if (!skip(&at, ':'))
		return false;
	out->device_minor = (uint32_t)number(&at, 16);
	if (!skip(&at, ' '))
		return false;
	out->inode = number(&at, 10);
	at += strspn(at, " ");
	cut_deleted(at, out);
	out->path = at;
	return true;
}

bool
mapping_next(struct mapping_reader *reader, struct mapping *out)
{
	char *line = next_line(reader);

	return line && parse(line, out);
}
